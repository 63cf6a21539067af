//! The test binary as a process of its own: serving over HTTP, serving its standard streams, or on its way out.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_auth::ambient::SystemClock;
use mcp_auth::testing::{Client, Era, TestIssuer, Token};
use mcp_auth::{http, serde_json};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::everything;

/// The resource identifier of every process that verifies tokens.
pub const RESOURCE: &str = "https://everything.test/mcp";

/// How long anything may take on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// A throwaway issuer whose keys are fetched over HTTP, as a process does it.
pub struct Issuer {
    issuer: TestIssuer,
    serving: JoinHandle<()>,
}

impl Issuer {
    /// Serves a fresh key.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = TestIssuer::new(url, Arc::new(SystemClock));
        let jwks = issuer.jwks().to_string();
        let keys = move || async move { ([(http::header::CONTENT_TYPE, "application/json")], jwks) };
        let app = axum::Router::new().route("/jwks", axum::routing::get(keys));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { issuer, serving }
    }

    /// A good token for `subject` at [`RESOURCE`], without any scope yet.
    pub fn token(&self, subject: &str) -> Token {
        self.issuer.token(subject, RESOURCE)
    }

    /// `auth.issuers` with this one.
    fn configured(&self) -> String {
        let issuer = self.issuer.issuer();
        format!("[{{ issuer = {issuer:?}, jwks_uri = \"{issuer}/jwks\", clock_skew = \"0s\" }}]")
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A process about to be started: a directory with an `mcp.toml`, variables, arguments.
pub struct Launch {
    directory: Arc<tempfile::TempDir>,
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl Launch {
    /// With this `mcp.toml` in its directory.
    pub fn toml(text: &str) -> Self {
        let launch = Self::nowhere();
        std::fs::write(launch.path("mcp.toml"), text).unwrap();
        launch
    }

    /// In a directory without any `mcp.toml`.
    pub fn nowhere() -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        Self { directory, variables: Vec::new(), arguments: Vec::new() }
    }

    /// Trusting `issuer`, with the configuration of `everything` and any free port.
    pub fn trusting(issuer: &Issuer) -> Self {
        Self::toml(everything::CONFIG)
            .variable("MCP_SERVER__LISTEN", "127.0.0.1:0")
            .variable("MCP_SERVER__PUBLIC_URL", RESOURCE)
            .variable("MCP_AUTH__ISSUERS", &issuer.configured())
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Logs errors and audit events, as JSON.
    pub fn audited(self) -> Self {
        self.variable("MCP_LOG__FILTER", "error,mcp_auth::audit=info").variable("MCP_LOG__FORMAT", "json")
    }

    /// Its directory, kept.
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_everything"));
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

    /// Starts it over whatever it is configured to, with both ends of its standard streams in hand.
    pub fn piped(&self) -> Pipe {
        let mut child = self.command().spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (saying, stderr) = mpsc::unbounded_channel();
        // Read on whether or not a test listens: a full pipe would stop the process.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = saying.send(line);
            }
        });
        Pipe {
            input: child.stdin.take(),
            output,
            stderr,
            said: String::new(),
            child,
            era: Era::Stateless,
            last_id: 0,
            _directory: Arc::clone(&self.directory),
        }
    }

    /// Starts it on a socket, and waits until it has its keys.
    pub async fn http(self) -> Socket {
        let mut child = self.command().spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = timeout(PATIENCE, async {
            loop {
                let line = said.next_line().await.unwrap().expect("it says where it listens");
                if let Some((_, address)) = line.split_once(" listens on ") {
                    return address.trim().to_owned();
                }
            }
        });
        let url = format!("http://{}", address.await.expect("it starts"));
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
        Socket { url, heard, _child: child, _directory: Arc::clone(&self.directory) }
    }
}

/// Lets only the owner read it, as a credential file must be.
fn private(path: &Path) {
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
    _child: Child,
    _directory: Arc<tempfile::TempDir>,
}

impl Socket {
    /// A client of it, without a token.
    pub fn client(&self) -> Client {
        Client::new(format!("{}/mcp", self.url))
    }

    /// The audit events it wrote since this was asked last, where its log is [audited](Launch::audited).
    pub fn audit_events(&self) -> Vec<Value> {
        audit_events(std::mem::take(&mut *self.heard.lock().unwrap()))
    }
}

/// A process on its standard streams, and the client on their other end.
pub struct Pipe {
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    stderr: mpsc::UnboundedReceiver<String>,
    said: String,
    child: Child,
    era: Era,
    last_id: u64,
    _directory: Arc<tempfile::TempDir>,
}

impl Pipe {
    /// Speaks another revision.
    pub fn era(mut self, era: Era) -> Self {
        self.era = era;
        self
    }

    /// Opens the connection as the era does, and answers what came of it.
    pub async fn open(&mut self) -> Value {
        if self.era == Era::Stateless {
            return self.request("server/discover", json!({})).await;
        }
        let params = json!({
            "protocolVersion": self.era.version(),
            "capabilities": {},
            "clientInfo": { "name": "mcp-auth-testing", "version": "0" },
        });
        let answer = self.request("initialize", params).await;
        if answer.get("result").is_some() {
            self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string()).await;
        }
        answer
    }

    /// Sends a request and waits for its answer.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.post(method, params).await;
        self.answer(id).await
    }

    /// `tools/call`.
    pub async fn call_tool(&mut self, name: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({ "name": name, "arguments": arguments })).await
    }

    /// Sends a request and does not wait.
    pub async fn post(&mut self, method: &str, mut params: Value) -> u64 {
        self.last_id += 1;
        if self.era == Era::Stateless {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = self.era.version().into();
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
        }
        let message = json!({ "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params });
        self.send(&message.to_string()).await;
        self.last_id
    }

    /// Sends a line as it is.
    pub async fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next line, which must be one JSON-RPC message.
    pub async fn receive(&mut self) -> Value {
        let line = timeout(PATIENCE, self.output.next_line()).await.expect("an answer").unwrap();
        let Some(line) = line else {
            while self.listen().await {}
            panic!("it ended: {}", self.said);
        };
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not MCP: {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "not MCP: {line}");
        message
    }

    async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.receive().await;
            if message.get("method").is_none() {
                assert_eq!(message["id"], id, "{message}");
                return message;
            }
        }
    }

    /// Waits until stderr says `word`.
    pub async fn hears(&mut self, word: &str) {
        let heard = async {
            while !self.said.contains(word) {
                assert!(self.listen().await, "it ended without {word:?}: {}", self.said);
            }
        };
        timeout(PATIENCE, heard).await.expect("it says so");
    }

    /// One more line of stderr; false when there are none.
    async fn listen(&mut self) -> bool {
        let line = self.stderr.recv().await;
        self.said.extend(line.iter().flat_map(|line| [line.as_str(), "\n"]));
        line.is_some()
    }

    /// The audit events it wrote since this was asked last, where its log is [audited](Launch::audited).
    pub fn audit_events(&mut self) -> Vec<Value> {
        audit_events(std::iter::from_fn(|| self.stderr.try_recv().ok()))
    }

    /// Tells it to stop, as a supervisor does.
    #[cfg(unix)]
    pub async fn terminate(&self) {
        // Not yet waited for, so the id is still its own.
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    }

    /// Closes its input.
    pub fn hang_up(&mut self) {
        self.input = None;
    }

    /// Waits at most `limit` for its end.
    pub async fn ended(mut self, limit: Duration) -> Ended {
        let status = timeout(limit, self.child.wait()).await.expect("it ends in time").unwrap();
        let mut stdout = String::new();
        while let Some(line) = self.output.next_line().await.unwrap() {
            stdout += &line;
        }
        while self.listen().await {}
        Ended { status, stdout, stderr: self.said }
    }
}

/// The fields of the audit events among the lines of a log.
fn audit_events(lines: impl IntoIterator<Item = String>) -> Vec<Value> {
    let events = lines.into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let audit = events.filter(|event| event["target"] == "mcp_auth::audit");
    audit.map(|mut event| event["fields"].take()).collect()
}

/// Code and data of a refusal.
pub fn refusal(message: &Value) -> (i64, Value) {
    let error = message.get("error").unwrap_or_else(|| panic!("not refused: {message}"));
    (error["code"].as_i64().unwrap(), error["data"].clone())
}

/// The text of a tool's result.
pub fn text(message: &Value) -> &str {
    let text = message["result"]["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("no text: {message}"))
}
