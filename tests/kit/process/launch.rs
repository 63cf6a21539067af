//! A program about to be started, and how it ended.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_auth::serde_json::{self, Value};
use mcp_auth::testing::Client;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use super::pipe::Pipe;

/// How long anything may take on a machine with other things to do.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A process about to be started: a program, a directory, variables, arguments.
pub struct Launch {
    program: PathBuf,
    directory: Arc<tempfile::TempDir>,
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    unread: bool,
}

impl Launch {
    /// Of this program, in a directory without any `mcp.toml`.
    pub fn of(program: impl Into<PathBuf>) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        Self {
            program: program.into(),
            directory,
            variables: Vec::new(),
            arguments: Vec::new(),
            unread: false,
        }
    }

    /// With this `mcp.toml` in its directory.
    pub fn toml(self, text: &str) -> Self {
        std::fs::write(self.path("mcp.toml"), text).unwrap();
        self
    }

    /// With this environment variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Adds command-line arguments.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Logs errors and audit events, as JSON.
    pub fn audited(self) -> Self {
        self.variable("MCP_LOG__FILTER", "error,mcp_auth::audit=info").variable("MCP_LOG__FORMAT", "json")
    }

    /// Over stdio, with a standard error that nothing reads.
    pub fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    /// Its directory, which exists as long as this `Arc` does.
    pub fn directory(&self) -> Arc<tempfile::TempDir> {
        Arc::clone(&self.directory)
    }

    /// A file in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file there that only its owner may read.
    pub fn secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        private(&path);
        path
    }

    /// The process to be, with all three standard streams piped.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MCP_")) {
            command.env_remove(name);
        }
        command
            .current_dir(self.directory.path())
            .args(&self.arguments)
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs it to its end, with nothing on its standard input.
    pub async fn run(self) -> Ended {
        let output = timeout(PATIENCE, self.command().stdin(Stdio::null()).output());
        let output = output.await.expect("it ends by itself").unwrap();
        Ended {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts it over stdio.
    pub fn stdio(self) -> Pipe {
        self.variable("MCP_SERVER__TRANSPORT", "stdio").piped()
    }

    /// Starts it over the configured transport and keeps the other ends of its standard streams.
    pub fn piped(&self) -> Pipe {
        Pipe::of(self.command().spawn().unwrap(), Arc::clone(&self.directory), self.unread)
    }

    /// Starts it on a socket, and waits until it has its keys.
    pub async fn http(self) -> Socket {
        let mut child = self.command().spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = format!("http://{}", listening(&mut said).await);
        // Read on whether or not a test listens: a full pipe would stop the process.
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok(Some(line)) = said.next_line().await {
                hearing.lock().unwrap().push(line);
            }
        });
        let ready = async {
            while reqwest::get(format!("{url}/readyz")).await.unwrap().status() != 200 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, ready).await.expect("it gets its keys");
        Socket { url, heard, child, _directory: Arc::clone(&self.directory) }
    }
}

/// Lets only the owner read it, as a credential file must be.
pub fn private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// How a process ended, and all it wrote.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Insists that it refused to start: exit code 1, each of `reasons` on stderr, nothing on stdout, no panic.
    pub fn refused(&self, reasons: &[&str]) {
        assert_eq!(self.status.code(), Some(1), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        for reason in reasons {
            assert!(self.stderr.contains(reason), "expected {reason:?} in:\n{}", self.stderr);
        }
    }

    /// Insists that it ended well, with nothing more on stdout.
    pub fn well(&self) {
        assert_eq!((self.status.code(), self.stdout.as_str()), (Some(0), ""), "{self:?}");
    }
}

/// A process on a socket.
pub struct Socket {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
    child: Child,
    _directory: Arc<tempfile::TempDir>,
}

impl Socket {
    /// A client of it, without a token.
    pub fn client(&self) -> Client {
        Client::new(format!("{}/mcp", self.url))
    }

    /// The URL of its MCP endpoint.
    pub fn mcp(&self) -> String {
        format!("{}/mcp", self.url)
    }

    /// `http://ADDRESS`, and then `path`.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Tells it to stop, as a supervisor does, and waits for its end.
    #[cfg(unix)]
    pub async fn stop(mut self) {
        signal(&self.child, "TERM").await;
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").unwrap();
        assert_eq!(status.code(), Some(0));
    }

    /// The lines it logged since this was asked last.
    pub fn lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    /// The audit events it wrote since this was asked last, where its log is [audited](Launch::audited).
    pub fn audit_events(&self) -> Vec<Value> {
        audit_events(self.lines())
    }
}

/// The fields of the audit events among the lines of a log.
pub(super) fn audit_events(lines: impl IntoIterator<Item = String>) -> Vec<Value> {
    let events = lines.into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let audit = events.filter(|event| event["target"] == "mcp_auth::audit");
    audit.map(|mut event| event["fields"].take()).collect()
}

/// Where a server listens, from the lines of its log.
pub async fn listening(log: &mut Lines<BufReader<ChildStderr>>) -> String {
    let address = async {
        loop {
            let line = log.next_line().await.unwrap().expect("it says where it listens");
            if let Some((_, address)) = line.split_once(" listens on ") {
                return address.trim().to_owned();
            }
        }
    };
    timeout(PATIENCE, address).await.expect("it starts")
}

/// Sends a signal, as a supervisor does: `TERM`, `INT`.
#[cfg(unix)]
pub async fn signal(child: &Child, name: &str) {
    // Not yet waited for, so the id is still its own.
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().await.unwrap().success());
}
