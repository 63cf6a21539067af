//! Servers and drivers as processes: started with a log, ended on every path.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::step::{command, root};

/// How long a server may take until it answers. Debug builds on a busy machine take their time.
const STARTUP: Duration = Duration::from_secs(30);

/// The executables of `examples`, built.
pub(crate) fn build(examples: &[&str]) -> Result<Vec<PathBuf>, String> {
    let flags = examples.iter().flat_map(|example| ["--example", example]);
    let built = command("cargo")
        .args(["build", "--quiet", "--message-format=json-render-diagnostics"])
        .args(flags)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    if !built.status.success() {
        return Err(format!("the examples {} do not build", examples.join(", ")));
    }
    let messages = String::from_utf8_lossy(&built.stdout);
    let find =
        |example: &&str| executable(&messages, example).ok_or_else(|| format!("cargo built no {example}"));
    examples.iter().map(find).collect()
}

/// The executable of `target` in what cargo prints with `--message-format=json`.
fn executable(messages: &str, target: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut artifacts =
        messages.filter(|m| m["reason"] == "compiler-artifact" && m["target"]["name"] == target);
    artifacts.find_map(|artifact| artifact["executable"].as_str().map(PathBuf::from))
}

/// An empty directory `target/<name>`, for logs and for what servers store.
pub(crate) fn fresh(name: &str) -> Result<PathBuf, String> {
    let directory = root().join("target").join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    Ok(directory)
}

/// A process that does not outlive this value. What it prints goes to a file.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, which is called `name` in errors and whose log is `<directory>/<name>.log`.
    pub(crate) fn start(name: &str, directory: &Path, command: &mut Command) -> Result<Self, String> {
        let log = directory.join(format!("{name}.log"));
        let file = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let copy = file.try_clone().map_err(|error| format!("{}: {error}", log.display()))?;
        for (variable, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MCP_"))
        {
            // Configuration of whoever runs this is not the configuration that is looked at.
            if !command.get_envs().any(|(set, _)| set == variable) {
                command.env_remove(variable);
            }
        }
        // A proxy has no business between two processes of this machine. Drivers of issuers end when their input does.
        command.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
        command.stdin(Stdio::piped()).stderr(copy);
        let child = command.stdout(file).spawn().map_err(|error| format!("{name} did not start: {error}"))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// What `find` finds in the log, as soon as it does.
    pub(crate) fn wait_for(&mut self, find: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let begun = Instant::now();
        loop {
            if let Some(found) = find(&self.log()) {
                return Ok(found);
            }
            if let Some(status) = self.exited()? {
                return Err(format!("{} ended with {status}:\n{}", self.name, self.log()));
            }
            if begun.elapsed() > STARTUP {
                return Err(format!(
                    "{} was not ready within {} s:\n{}",
                    self.name,
                    STARTUP.as_secs(),
                    self.log()
                ));
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// How it ended, if it did so within `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>, String> {
        let begun = Instant::now();
        loop {
            match self.exited()? {
                None if begun.elapsed() < limit => sleep(Duration::from_millis(50)),
                ended => return Ok(ended),
            }
        }
    }

    /// Everything it has printed.
    pub(crate) fn log(&self) -> String {
        fs::read(&self.log).map_or_else(
            |error| format!("{}: {error}", self.log.display()),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// The last lines of it, under a heading, and where the rest is.
    pub(crate) fn end(&self) -> String {
        const LINES: usize = 60;
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(LINES)..].join("\n");
        format!("--- the end of {}\n{end}\n", self.log.display())
    }

    fn exited(&mut self) -> Result<Option<ExitStatus>, String> {
        self.child.try_wait().map_err(|error| format!("{}: {error}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Drivers have ended already where all went well; elsewhere there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of the examples, listening on a free port of its own choice.
pub(crate) struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    /// Starts `executable` with its files in `<directory>/<name>/`.
    pub(crate) fn start(
        name: &str,
        directory: &Path,
        executable: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Result<Self, String> {
        let files = directory.join(name);
        fs::create_dir_all(&files).map_err(|error| format!("{}: {error}", files.display()))?;
        let mut command = Command::new(executable);
        command
            .current_dir(&files)
            .args(["--listen", "127.0.0.1:0"])
            .env("TODOS_DB", files.join("todos.db"))
            .env("MCP_AUTH__EMBEDDED__STATE_DIR", files.join("state"));
        configure(&mut command);
        let mut process = Process::start(name, directory, &mut command)?;
        let address = process.wait_for(|log| listens_on(log).map(|address| address.to_string()))?;
        let address = address.parse().map_err(|error| format!("{name} listens on {address}: {error}"))?;
        Ok(Self { process, address })
    }

    /// The MCP endpoint.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// The last lines of its log.
    pub(crate) fn end(&self) -> String {
        self.process.end()
    }
}

/// The address in `todos 0.1.0 listens on 127.0.0.1:34467`, once the line is whole.
fn listens_on(log: &str) -> Option<SocketAddr> {
    let (address, _) = log.split_once(" listens on ")?.1.split_once('\n')?;
    address.trim().parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;

    #[test]
    fn the_executable_of_the_right_target_is_found() {
        let messages = concat!(
            "not json\n",
            r#"{"reason":"compiler-artifact","target":{"name":"other"},"executable":"target/other"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"todos"},"executable":"target/todos"}"#,
        );
        assert_eq!(executable(messages, "todos"), Some(PathBuf::from("target/todos")));
        assert_eq!(executable(messages, "none"), None);
    }

    #[test]
    fn an_address_is_read_once_its_line_is_whole() {
        assert_eq!(listens_on("todos 0.1.0 listens on 127.0.0.1:3446"), None);
        let whole = "INFO x\ntodos 0.1.0 listens on 127.0.0.1:34467\n  MCP endpoint: y\n";
        assert_eq!(listens_on(whole), Some("127.0.0.1:34467".parse().unwrap()));
    }

    #[test]
    #[cfg(unix)]
    fn one_that_ends_before_it_is_ready_is_reported_with_its_log() {
        let directory = fresh(&format!("test-process-{}", std::process::id())).unwrap();
        let mut dies = Command::new("sh");
        dies.args(["-c", "echo no room; exit 3"]);
        let mut process = Process::start("server", &directory, &mut dies).unwrap();
        let error = process.wait_for(|_| None).unwrap_err();
        assert!(error.contains("exit status: 3") && error.contains("no room"), "{error}");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_dropped_process_is_gone() {
        let directory = fresh(&format!("test-drop-{}", std::process::id())).unwrap();
        let process = Process::start("sleep", &directory, Command::new("sleep").arg("600")).unwrap();
        let id = process.child.id().to_string();
        let alive = || Command::new("kill").args(["-0", &id]).output().unwrap().status.success();
        assert!(alive());
        drop(process);
        assert!(!alive());
        fs::remove_dir_all(directory).unwrap();
    }
}
