//! Servers and drivers as processes: ended on every path, with a log in a file.
//!
//! [`Running`] is any child, [`Process`] one whose output goes to a file, [`Server`] one that listens.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::step::{root, succeed};

/// How long a server may take until it answers. Debug builds on a busy machine take their time.
const STARTUP: Duration = Duration::from_secs(30);

/// An empty directory `target/<name>`, for logs and for what servers store.
pub(crate) fn fresh(name: &str) -> Result<PathBuf, String> {
    let directory = root().join("target").join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    Ok(directory)
}

/// A port of the loopback interface that is free now.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

/// A port that is free now and stays free while its server is away: below those that systems give to connections.
pub(crate) fn fixed_port() -> Result<u16, String> {
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    let mut ports = (first..32_000).chain(20_000..first);
    let free = ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.ok_or_else(|| "no free port from 20000 to 32000".to_owned())
}

/// A child that does not outlive this value.
pub(crate) struct Running {
    name: String,
    child: Child,
}

impl Running {
    /// Starts `command`, which is called `name` in errors. The configuration of the user who runs this is not read, and
    /// no proxy is used between two processes of this machine.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self, String> {
        for (variable, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MCP_"))
        {
            if !command.get_envs().any(|(set, _)| set == variable) {
                command.env_remove(variable);
            }
        }
        command.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
        let child = command.spawn().map_err(|error| format!("{name} did not start: {error}"))?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// Its standard input and output, where `command` made pipes of them. Once.
    pub(crate) fn pipes(&mut self) -> Result<(ChildStdin, ChildStdout), String> {
        let input = self.child.stdin.take().ok_or("no standard input")?;
        Ok((input, self.child.stdout.take().ok_or("no standard output")?))
    }

    /// How it ended, if it did so within `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>, String> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait().map_err(|error| format!("{}: {error}", self.name))? {
                None if begun.elapsed() < limit => sleep(Duration::from_millis(20)),
                ended => return Ok(ended),
            }
        }
    }

    /// Insists that it ends with exit code 0 within `limit` of `event`.
    pub(crate) fn ends_well(&mut self, event: &str, limit: Duration) -> Result<(), String> {
        let name = &self.name.clone();
        match self.wait(limit)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("after {event} {name} ended with {status}, not exit code 0")),
            None => Err(format!("after {event} {name} still ran {} s later", limit.as_secs())),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where all went well; elsewhere an error cannot be reported any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A child whose output goes to a file.
pub(crate) struct Process {
    running: Running,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, which is called `name` in errors and whose log is `<directory>/<name>.log`. Its standard
    /// input is a pipe: drivers of issuers end when that does.
    pub(crate) fn start(name: &str, directory: &Path, command: &mut Command) -> Result<Self, String> {
        let log = directory.join(format!("{name}.log"));
        let failed = |error| format!("{}: {error}", log.display());
        let file = File::create(&log).map_err(failed)?;
        command.stdin(Stdio::piped()).stderr(file.try_clone().map_err(failed)?).stdout(file);
        Ok(Self { running: Running::start(name, command)?, log })
    }

    /// What `find` finds in the log, as soon as it does.
    pub(crate) fn wait_for<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let begun = Instant::now();
        loop {
            if let Some(found) = find(&self.log()) {
                return Ok(found);
            }
            let name = self.running.name.clone();
            if let Some(status) = self.wait(Duration::ZERO)? {
                return Err(format!("{name} ended with {status}:\n{}", self.log()));
            }
            if begun.elapsed() > STARTUP {
                let seconds = STARTUP.as_secs();
                return Err(format!("{name} was not ready within {seconds} s:\n{}", self.log()));
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// How it ended, if it did so within `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>, String> {
        self.running.wait(limit)
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.running.child.id()
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
}

/// A server of this repository, listening on a free port that it chose.
pub(crate) struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    /// Starts `command`, with its log in `directory`, and waits until it says where it listens.
    pub(crate) fn start(name: &str, directory: &Path, command: &mut Command) -> Result<Self, String> {
        Self::start_at(name, directory, command, 0)
    }

    /// The same, at this port.
    pub(crate) fn start_at(
        name: &str,
        directory: &Path,
        command: &mut Command,
        port: u16,
    ) -> Result<Self, String> {
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        let mut process = Process::start(name, directory, command)?;
        let address = process.wait_for(listens_on)?;
        Ok(Self { process, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its origin, such as `http://127.0.0.1:8080`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of the MCP endpoint.
    pub(crate) fn url(&self) -> String {
        format!("{}/mcp", self.origin())
    }

    /// The last lines of its log.
    pub(crate) fn end(&self) -> String {
        self.process.end()
    }

    /// SIGTERM ends it with exit code 0.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        if cfg!(unix) {
            // Started by us and not yet waited for, so the id is still its own.
            let id = self.process.running.child.id().to_string();
            succeed(Command::new("kill").args(["-TERM", &id]))?;
            self.process.running.ends_well("SIGTERM", Duration::from_secs(10))?;
        }
        Ok(())
    }
}

/// The address in `todos 0.1.0 listens on 127.0.0.1:34467`, once the line is whole.
fn listens_on(log: &str) -> Option<SocketAddr> {
    let (address, _) = log.split_once(" listens on ")?.1.split_once('\n')?;
    address.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let error = process.wait_for(|_| None::<()>).unwrap_err();
        assert!(error.contains("exit status: 3") && error.contains("no room"), "{error}");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_dropped_process_is_gone() {
        let directory = fresh(&format!("test-drop-{}", std::process::id())).unwrap();
        let process = Process::start("sleep", &directory, Command::new("sleep").arg("600")).unwrap();
        let id = process.running.child.id().to_string();
        let alive = || Command::new("kill").args(["-0", &id]).output().unwrap().status.success();
        assert!(alive());
        drop(process);
        assert!(!alive());
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn an_exit_code_other_than_0_is_reported() {
        let mut good = Running::start("it", &mut Command::new("true")).unwrap();
        assert_eq!(good.ends_well("nothing", Duration::from_secs(5)), Ok(()));
        let mut bad = Running::start("it", &mut Command::new("false")).unwrap();
        assert!(bad.ends_well("nothing", Duration::from_secs(5)).unwrap_err().contains("not exit code 0"));
    }

    #[test]
    #[cfg(unix)]
    fn one_that_does_not_end_is_reported() {
        let mut slow = Running::start("it", Command::new("sleep").arg("60")).unwrap();
        assert!(slow.ends_well("nothing", Duration::from_millis(50)).unwrap_err().contains("still ran"));
    }
}
