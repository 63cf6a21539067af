//! A server with the built-in issuer on a free port; and a router on one.

use std::net::SocketAddr;
use std::path::Path;

use mcp_auth::{Config, Handler, Running, Server};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::MovedClock;

/// A started server where alice and bob can log in, whose clock the test moves.
pub struct Site<S> {
    running: Running,
    server: S,
    clock: MovedClock,
    state: tempfile::TempDir,
}

impl<S: Handler + Clone> Site<S> {
    /// Starts `server` with the built-in issuer and these lines of configuration.
    pub async fn start(server: S, toml: &str) -> Self {
        Self::start_in(tempfile::tempdir().expect("a directory"), server, toml).await
    }

    /// The same, with its state in a directory that may hold files already.
    pub async fn start_in(state: tempfile::TempDir, server: S, toml: &str) -> Self {
        let config = format!(
            r#"
            [server]
            listen = "127.0.0.1:0"
            [issuer]
            state_dir = {directory:?}
            users = ["alice", "bob"]
            "#,
            directory = state.path(),
        );
        let config = Config::builder().toml(&config).toml(toml).build().expect("a configuration");
        let clock = MovedClock::system();
        let builder = Server::builder(server.clone()).config(config).ambient(clock.ambient());
        Self { running: builder.start().await.expect("it starts"), server, clock, state }
    }

    /// The URL of the MCP endpoint.
    pub fn url(&self) -> &str {
        self.running.resource()
    }

    /// The server itself, or one that shares its state.
    pub fn server(&self) -> &S {
        &self.server
    }

    /// The server's clock, and its issuer's.
    pub fn clock(&self) -> &MovedClock {
        &self.clock
    }

    /// Where the issuer keeps its state.
    pub fn state(&self) -> &Path {
        self.state.path()
    }
}

/// A router on a free port, until it is dropped.
pub struct Served {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Served {
    /// Serves `router` on a free port.
    pub async fn new(router: axum::Router) -> Self {
        Self::with(|_| router).await
    }

    /// Serves a router that knows where it will listen: `http://127.0.0.1:PORT`.
    pub async fn with(router: impl FnOnce(&str) -> axum::Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let router = router(&format!("http://{}", listener.local_addr().expect("an address")));
        Self::on(listener, router)
    }

    /// Serves it where a test already listens.
    pub fn on(listener: TcpListener, router: axum::Router) -> Self {
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { address, serving }
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, and then `path`.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
