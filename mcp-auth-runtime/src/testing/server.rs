//! A server in this process, on a free port, trusting a throwaway issuer.

use std::sync::Arc;

use super::client::Client;
use super::issuer::{TestIssuer, Token};
use super::page::page;
use crate::authn::{Fetch, KnownKeys, OwnKeys, ReadingKeys};
use crate::call::handler::Handler;
use crate::call::upstream::UpstreamTokens;
use crate::config::{Config, ConfigBuilder, Verify};
use crate::error::{Error, Result};
use crate::serve::{LocalIssuer, LocalIssuerFactory, Running, ServerBuilder};
use mcp_auth_core::ambient::Ambient;

/// The configuration of a [`TestServer`] that is given none: any free port, base scopes named but empty.
const DEFAULT_CONFIG: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[auth]\nbase_scopes = []\n";

/// And its issuer, unless it names others, or API keys, or verifies nothing. The throwaway issuer takes its place.
const ISSUER: &str = "[issuer]";

/// Your running server.
///
/// # Example
/// ```
/// # mod mcp_auth { pub use mcp_auth_runtime::{facade::{Error, Handler}, testing}; }
/// # fn shape<H: mcp_auth::Handler>(handler: H) {
/// use mcp_auth::testing::TestServer;
/// let test = async {
///     let server = TestServer::start(handler).await?;
///     let reader = server.client().token(server.token("alice").scope("todos.read"));
///     let refused = reader.call_tool("add_todo", serde_json::json!({ "title": "milk" })).await;
///     assert_eq!(refused.status(), 403);
///     assert_eq!(refused.challenge().unwrap().scopes(), ["todos.read", "todos.write"]);
///     Ok::<(), mcp_auth::Error>(())
/// };
/// # let _ = test; }
/// ```
#[derive(Debug)]
pub struct TestServer {
    running: Running,
    issuer: TestIssuer,
}

impl TestServer {
    /// Starts `handler` with the default test configuration: `[issuer]` with a throwaway issuer in place of the
    /// built-in one, any free port, no base scopes.
    ///
    /// # Errors
    /// The reason why the server could not start.
    pub async fn start<H: Handler>(handler: H) -> Result<Self> {
        Self::builder(handler).start().await
    }

    /// A server whose configuration the test sets.
    pub fn builder<H: Handler>(handler: H) -> TestServerBuilder<H> {
        TestServerBuilder {
            server: ServerBuilder::new(handler),
            config: None,
            layers: Vec::new(),
            ambient: Ambient::system(),
            issuer: None,
            upstreams: None,
        }
    }

    /// The URL of the MCP endpoint, which is the resource identifier too.
    pub fn url(&self) -> &str {
        self.running.resource()
    }

    /// The URL of another path of the server.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address())
    }

    /// The issuer the server trusts.
    pub fn issuer(&self) -> &TestIssuer {
        &self.issuer
    }

    /// A good token for `subject` at this server, without any scope yet.
    pub fn token(&self, subject: &str) -> Token {
        self.issuer.token(subject, self.url())
    }

    /// A client of this server, without a token, speaking 2026-07-28.
    pub fn client(&self) -> Client {
        Client::new(self.url())
    }

    /// Stops in order and waits for the end.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// A server about to be tested.
pub struct TestServerBuilder<H> {
    server: ServerBuilder<H>,
    config: Option<Config>,
    layers: Vec<String>,
    ambient: Ambient,
    issuer: Option<TestIssuer>,
    upstreams: Option<Arc<dyn UpstreamTokens>>,
}

impl<H: Handler> TestServerBuilder<H> {
    /// This configuration. `listen` should name port 0; unless `auth.verify` is `none`, or API keys are all that it accepts,
    /// the throwaway issuer is trusted as well as those it names.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// This `mcp.toml`, laid over the default test configuration and what was given before: what it leaves
    /// out stays as it is there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn toml(mut self, text: &str) -> Result<Self> {
        self.layers.push(text.to_owned());
        let layers = |mut below: ConfigBuilder| {
            for layer in &self.layers {
                below = below.toml(layer);
            }
            below.build()
        };
        let given = layers(Config::builder())?;
        let below = Config::builder().toml(DEFAULT_CONFIG);
        let names_issuers = !given.auth.issuers.is_empty()
            || !given.auth.api_keys.is_empty()
            || given.auth.verify == Verify::None;
        let config = layers(if names_issuers { below } else { below.toml(ISSUER) })?;
        Ok(self.config(config))
    }

    /// Another clock and another source of randomness.
    #[must_use]
    pub fn ambient(mut self, ambient: Ambient) -> Self {
        self.server = self.server.ambient(ambient.clone());
        self.ambient = ambient;
        self
    }

    /// This issuer instead of a new one: how several servers trust the same tokens.
    #[must_use]
    pub fn issuer(mut self, issuer: TestIssuer) -> Self {
        self.issuer = Some(issuer);
        self
    }

    /// Another HTTP client for issuer metadata and keys.
    #[must_use]
    pub fn fetch(mut self, fetch: Arc<dyn Fetch>) -> Self {
        self.server = self.server.fetch(fetch);
        self
    }

    /// What providers gave for people of the throwaway issuer, for tools that name one with `upstream`.
    #[must_use]
    pub fn upstreams(mut self, upstreams: Arc<dyn UpstreamTokens>) -> Self {
        self.upstreams = Some(upstreams);
        self
    }

    /// Anything else of the builder underneath.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(ServerBuilder<H>) -> ServerBuilder<H>) -> Self {
        self.server = change(self.server);
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// The reason why the server could not start.
    pub async fn start(self) -> Result<TestServer> {
        let config = match self.config {
            Some(config) => config,
            None => Config::builder().toml(DEFAULT_CONFIG).toml(ISSUER).build()?,
        };
        let clock = &self.ambient.clock;
        let issuer = self.issuer.unwrap_or_else(|| TestIssuer::new("https://issuer.test", Arc::clone(clock)));
        let (trusted, upstreams) = (issuer.clone(), self.upstreams);
        let local: LocalIssuerFactory = Box::new(move |setup, _| {
            let (person_page, router) = page(setup);
            let issuer = trusted.issuer().parse().map_err(Error::from);
            let built = issuer.map(|issuer| LocalIssuer {
                issuer,
                keys: Arc::new(OneKey(Arc::new(KnownKeys { jwks: trusted.jwks(), withdrawn: 0 }))),
                router,
                confirmation_page: Some(person_page.clone()),
                connect_page: Some(person_page),
                upstreams,
            });
            Box::pin(std::future::ready(built))
        });
        let server = match config.accepts_no_tokens() {
            true => self.server,
            false => self.server.trusted_issuer(local),
        };
        let running = server.config(config).start().await?;
        Ok(TestServer { running, issuer })
    }
}

/// The key of a throwaway issuer, which never changes.
#[derive(Debug)]
struct OneKey(Arc<KnownKeys>);

impl OwnKeys for OneKey {
    fn known(&self) -> Arc<KnownKeys> {
        Arc::clone(&self.0)
    }

    fn read(&self) -> ReadingKeys<'_> {
        Box::pin(std::future::ready(Ok(())))
    }
}
