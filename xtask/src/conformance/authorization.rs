//! The suite's scenarios for authorization servers, against the built-in issuer of the same server. The suite prints an authorization request
//! and waits at its redirect URI; the person is one of ours.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::check::{LIMIT, Run, SECRET, SUITE};
use super::results::{Measured, failed};
use crate::http::{get, send};
use crate::issuer::{Browser, Client, Connection};
use crate::process::{Process, Server, free_port};
use crate::program;
use crate::step::root;
use crate::toolbox::Node;

/// Who logs in: the one person that the built-in issuer offers by default.
const PERSON: &str = "developer";

/// The longest the suite may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a new server, runs the suite against its issuer, and reads what the suite wrote.
pub(super) fn run(node: &Node, executable: &Path, directory: &Path, revision: &str) -> Result<Run, String> {
    let name = format!("{revision}, authorization server");
    let file = format!("{revision}-authorization-server");
    let mut command = program::started_in(&directory.join(format!("{file}-server")), executable)?;
    command.args(["--profile", "auth"]).env("CONFORMANCE_SECRET", SECRET);
    let server = Server::start(&format!("{file}-server"), directory, &mut command)?;
    let results = directory.join(&file);
    fs::create_dir_all(&results).map_err(|error| format!("{}: {error}", results.display()))?;

    let callback = free_port()?;
    let redirect = format!("http://127.0.0.1:{callback}/callback");
    let mut connection = Connection::open(server.address())?;
    let client = Client::register(&mut connection, Some(&redirect))?;
    let mut command = node.command(&root().join("interop"));
    command
        .args([SUITE, "authorization", "--url", &server.origin(), "--resource", &server.url()])
        .args(["--client-id", &client.id, "--port", &callback.to_string(), "--spec-version", revision])
        .arg("--output-dir")
        .arg(&results);
    let mut suite = Process::start(&format!("{file}-suite"), directory, &mut command)?;
    let asked = suite.wait_for(|log| request(log, &server.origin()))?;
    let answer = Browser::default().allow(&mut connection, &asked, PERSON)?;
    let path = answer.strip_prefix(&format!("http://127.0.0.1:{callback}"));
    let path = path.ok_or_else(|| format!("{name}: expected a way back to {redirect}; got {answer}"))?;
    called_back(callback, path)?;

    let Some(status) = suite.wait(LIMIT)? else {
        return Err(format!(
            "{name}: the suite still ran after {} s\n{}\n{}",
            LIMIT.as_secs(),
            suite.end(),
            server.end()
        ));
    };
    let measured = Measured::read(name, &results);
    let measured = measured
        .map_err(|e| format!("{e}; the suite ended with {status}\n{}\n{}", suite.end(), server.end()))?;
    Ok(Run { measured, failed: failed(&results), suite: suite.end(), server: server.end() })
}

/// Sends the browser back to the suite, which may not listen yet.
fn called_back(port: u16, path: &str) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        match send(([127, 0, 0, 1], port).into(), &get(path)) {
            Ok(_) => return Ok(()),
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The path of the authorization request that the suite prints, once its line is whole.
fn request(log: &str, origin: &str) -> Option<String> {
    let whole = &log[..log.rfind('\n')?];
    let words = whole.split_whitespace().filter(|word| word.contains("response_type=code"));
    let mut paths = words.filter_map(|word| word.split_once(origin).map(|(_, path)| path));
    paths.next().map(|path| path.trim_end_matches(['"', '\'']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_read_once_its_line_is_whole() {
        let origin = "http://127.0.0.1:80";
        let line = "Open: http://127.0.0.1:80/authorize?response_type=code&a=b";
        assert_eq!(request(line, origin), None);
        let log = format!("running\n{line}\nwaiting\n");
        assert_eq!(request(&log, origin).as_deref(), Some("/authorize?response_type=code&a=b"));
        assert_eq!(request(&log, "http://127.0.0.1:81"), None);
    }
}
