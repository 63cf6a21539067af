//! The person who runs the commands: with a home directory, a browser, and a look at standard error.

use std::path::PathBuf;
use std::process::Stdio;

use mcp_auth_tests::person::Browser;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::process;

/// A person at a machine without a keyring.
pub(crate) struct Person {
    home: tempfile::TempDir,
    browser: Browser,
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct CommandResult {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The authorization URLs it printed.
    pub(crate) asked: Vec<url::Url>,
}

/// How the answer gets from the browser to the command.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// The browser opens the redirect, and the command's port answers.
    Loopback,
    /// The person pastes the address of the last page.
    Pasted,
}

impl CommandResult {
    /// A parameter of the last authorization URL.
    pub(crate) fn asked_for(&self, name: &str) -> Option<String> {
        let url = self.asked.last()?;
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{} {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn failed(self, code: i32, why: &str) -> Self {
        assert_eq!(self.code, code, "{} {}", self.stdout, self.stderr);
        assert!(self.stderr.contains(why), "{}", self.stderr);
        self
    }
}

impl Person {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), browser: Browser::new() }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = process::mcp_auth();
        command.args(arguments).env("HOME", self.home.path()).env_remove("XDG_STATE_HOME");
        command.env("MCP_AUTH_KEEP", "file").env("PATH", self.home.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut command = tokio::process::Command::from(command);
        command.kill_on_drop(true);
        command
    }

    /// Runs a command as alice, who allows every request.
    pub(crate) async fn run(&mut self, arguments: &[&str]) -> CommandResult {
        self.run_and(arguments, Way::Loopback, "allow", |callback| vec![callback.to_owned()]).await
    }

    /// Runs a command. `changed` turns the redirect after the decision into the callbacks that are sent instead, one
    /// after the other.
    pub(crate) async fn run_and(
        &mut self,
        arguments: &[&str],
        way: Way,
        decision: &str,
        changed: impl Fn(&str) -> Vec<String>,
    ) -> CommandResult {
        let mut child = self.command(arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut stdin = child.stdin.take();
        let (mut stderr, mut asked) = (String::new(), Vec::new());
        while let Some(line) = lines.next_line().await.unwrap() {
            stderr.push_str(&line);
            stderr.push('\n');
            if !line.starts_with("  http") {
                continue;
            }
            let url = line.trim();
            asked.push(url.parse().unwrap());
            let callback = self.browser.decide(url, "alice", decision).await;
            for callback in changed(&callback) {
                match (way, stdin.as_mut()) {
                    (Way::Pasted, Some(stdin)) => {
                        stdin.write_all(format!("{callback}\n").as_bytes()).await.unwrap();
                        stdin.flush().await.unwrap();
                    }
                    _ => {
                        let page = mcp_auth_tests::wire::http().get(&callback).send().await.unwrap();
                        stderr.push_str(&format!("<page {}>\n", page.status().as_u16()));
                    }
                }
            }
        }
        drop(stdin);
        let mut stdout = String::new();
        child.stdout.take().unwrap().read_to_string(&mut stdout).await.unwrap();
        let code = child.wait().await.unwrap().code().unwrap();
        CommandResult { code, stdout, stderr, asked }
    }

    /// Runs a command at a terminal, into which this is written. What the terminal shows is `stderr`.
    #[cfg(unix)]
    pub(crate) async fn run_at_a_terminal(&mut self, arguments: &[&str], written: &str) -> CommandResult {
        use std::io::{Read as _, Write as _};

        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let theirs = std::fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
        let mut command = self.command(arguments);
        command.stdin(theirs.try_clone().unwrap()).stderr(theirs);
        let child = command.spawn().unwrap();
        // The command holds the other end, and must be the only one for this end to see its exit.
        drop(command);
        let mut ours = std::fs::File::from(ours);
        ours.write_all(written.as_bytes()).unwrap();
        let shown = std::thread::spawn(move || {
            let (mut shown, mut part) = (Vec::new(), [0; 1024]);
            // Linux says EIO where the other end is closed.
            while let Ok(read @ 1..) = ours.read(&mut part) {
                shown.extend_from_slice(&part[..read]);
            }
            String::from_utf8_lossy(&shown).into_owned()
        });
        let output = child.wait_with_output().await.unwrap();
        CommandResult {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: shown.join().unwrap(),
            asked: Vec::new(),
        }
    }

    /// The file that holds this person's login for a server; there must be exactly one.
    pub(crate) fn kept_file(&self) -> PathBuf {
        let directory = self.home.path().join(".local/state/mcp-auth");
        let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let mut logins: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
        assert_eq!(logins.len(), 1, "{logins:?}");
        logins.remove(0)
    }

    pub(crate) fn kept(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.kept_file()).unwrap()).unwrap()
    }

    /// Changes the stored login, without changing the file's mode.
    pub(crate) fn change_kept(&self, change: impl FnOnce(&mut Value)) {
        let mut kept = self.kept();
        change(&mut kept);
        std::fs::write(self.kept_file(), kept.to_string()).unwrap();
    }

    /// The stored tokens: first the refresh token, then the access token.
    pub(crate) fn tokens(&self) -> [String; 2] {
        let kept = self.kept();
        ["refresh_token", "access_token"].map(|name| kept["tokens"][name].as_str().unwrap().to_owned())
    }

    pub(crate) fn home(&self) -> &std::path::Path {
        self.home.path()
    }
}
