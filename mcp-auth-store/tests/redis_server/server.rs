//! The server of these tests: the one that runs, and one that a test starts with settings of its own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::{Random as _, SystemRandom};
use mcp_auth_store::{Durable, OpenError, RedisRows, Store, StoreKey, StoreKeys};

/// The URL of the server that runs.
pub(crate) fn server() -> String {
    std::env::var("MCP_AUTH_TEST_REDIS").expect("MCP_AUTH_TEST_REDIS is the URL of a Redis server")
}

/// The program of a server: that of Redis, or what `MCP_AUTH_TEST_REDIS_SERVER` says.
fn program() -> String {
    std::env::var("MCP_AUTH_TEST_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}

pub(crate) fn prefix() -> String {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    format!("test-{:016x}", u64::from_be_bytes(bytes))
}

/// A place of its own in the server that runs.
pub(crate) fn place() -> String {
    format!("{}?prefix={}", server(), prefix())
}

pub(crate) fn key(byte: u8) -> StoreKey {
    StoreKey::new([byte; 32]).expect("a key")
}

pub(crate) async fn opened_with(url: &str, keys: StoreKeys) -> Result<Store, OpenError> {
    let rows = RedisRows::connect(url).await?;
    Durable::open(Arc::new(rows), keys, Arc::new(SystemRandom), 0).await.map(Store::new)
}

pub(crate) async fn opened(url: &str) -> Store {
    opened_with(url, StoreKeys::of(key(7))).await.expect("a store")
}

/// A connection of the test itself.
pub(crate) fn client(url: &str) -> redis::Connection {
    let server = url.split('?').next().expect("a server");
    redis::Client::open(server).expect("a URL").get_connection().expect("a server")
}

pub(crate) fn ask<T: redis::FromRedisValue>(url: &str, command: &[&str]) -> T {
    let (name, arguments) = command.split_first().expect("a command");
    redis::cmd(name).arg(arguments).query(&mut client(url)).expect("an answer")
}

pub(crate) fn base(url: &str) -> String {
    format!("{{{}}}:", url.split_once("prefix=").expect("a prefix").1)
}

/// A server of one test.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    directory: tempfile::TempDir,
    settings: Vec<String>,
}

impl Server {
    pub(crate) fn with(settings: &[&str]) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port").port();
        // A node of a cluster uses the port 10000 above too.
        let port = std::iter::repeat_with(free).find(|port| *port < 55_000).expect("a port");
        let directory = tempfile::tempdir().expect("a directory");
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let child = Self::start(port, directory.path(), &settings);
        Self { child, port, directory, settings }
    }

    fn start(port: u16, directory: &Path, settings: &[String]) -> Child {
        let is_tls = settings.iter().any(|setting| setting.starts_with("--tls"));
        let child = Command::new(program())
            .args(["--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(directory)
            .args([if is_tls { "--tls-port" } else { "--port" }, &port.to_string()])
            .args(if is_tls { ["--port", "0"].as_slice() } else { &[] })
            .args(settings)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not run: {error}", program()));
        assert!((0..200).any(|_| is_up(port, is_tls)), "{} does not start", program());
        child
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}?prefix=test", self.port)
    }

    /// Like `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ran");
    }

    pub(crate) fn start_again(&mut self) {
        self.child = Self::start(self.port, self.directory.path(), &self.settings);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a server answers, after a moment if it does not.
fn is_up(port: u16, is_tls: bool) -> bool {
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        if is_tls {
            return true;
        }
        let mut answer = [0; 64];
        let _ = stream.write_all(b"PING\r\n");
        let so_much = stream.read(&mut answer).unwrap_or(0);
        // One that reads its files says -LOADING.
        if so_much > 0 && !answer[..so_much].starts_with(b"-LOADING") {
            return true;
        }
    }
    std::thread::sleep(Duration::from_millis(50));
    false
}

/// Where the server that runs is.
pub(crate) fn address() -> String {
    server().trim_start_matches("redis://").split(['/', '?']).next().expect("an address").to_owned()
}
