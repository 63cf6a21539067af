//! A server about to be: what it is given, and what can be refused before anything is bound.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use rmcp::transport::streamable_http_server::session::SessionStore;

use super::encryption::try_encryption;
use super::parts::{LocalIssuerFactory, OwnVerifiers, Parts};
use super::running::Running;
use super::tools::{Begun, Tools};
use super::{http, stdio, stored, table, trust};
use crate::authn::{CredentialVerifier, Fetch, HttpFetch};
use crate::call::handler::{About, Handler};
use crate::call::served::Serving;
use crate::config::arguments::help;
use crate::config::{Command, Config, StorePlace, TableFormat, Transport, Verify, key};
use crate::dispatch::Rulebook;
use crate::error::{Error, Result};
use crate::observe;
use crate::owned::Tasks;
use crate::transport::shutdown::{Shutdown, shutdown_signal};
use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::{Caps, Store};

/// A server about to be: a handler, its configuration, and what a test or an embedding application passes in.
pub struct ServerBuilder<H> {
    handler: H,
    config: Option<Config>,
    ambient: Ambient,
    fetch: Option<Arc<dyn Fetch>>,
    local_issuer: Option<LocalIssuerFactory>,
    /// Only tests set it.
    trusted_issuer: Option<LocalIssuerFactory>,
    store: Store,
    session_store: Option<Arc<dyn SessionStore>>,
    verifiers: OwnVerifiers,
    tools: Option<Tools>,
    health: bool,
    served_by_tls: bool,
    shutdown: Shutdown,
}

impl<H: Handler> ServerBuilder<H> {
    /// A server of `handler`, with the operating system's clock and randomness and without an issuer: users
    /// start from the facade's `Server::builder`, which adds the built-in one.
    #[doc(hidden)]
    pub fn new(handler: H) -> Self {
        Self {
            handler,
            config: None,
            ambient: Ambient::system(),
            fetch: None,
            local_issuer: None,
            trusted_issuer: None,
            store: Store::memory(Caps::default()),
            session_store: None,
            verifiers: Vec::new(),
            tools: None,
            health: true,
            served_by_tls: false,
            shutdown: Shutdown::new(),
        }
    }

    /// The configuration. Without one, [`serve`](Self::serve) reads the process' arguments, environment and
    /// files; [`start`](Self::start) and [`router`](Self::router) read nothing and take every key's default.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Another clock and another source of randomness.
    #[must_use]
    pub fn ambient(mut self, ambient: Ambient) -> Self {
        self.ambient = ambient;
        self
    }

    /// Another HTTP client for what issuers are asked: their metadata and keys, and about opaque tokens.
    #[must_use]
    pub fn fetch(mut self, fetch: Arc<dyn Fetch>) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// An authorization server in this process: what `[issuer]` starts.
    #[doc(hidden)]
    #[must_use]
    pub fn local_issuer(mut self, factory: LocalIssuerFactory) -> Self {
        self.local_issuer = Some(factory);
        self
    }

    /// An issuer in this process that is trusted unless `auth.verify` is "none", and takes the place of the built-in one:
    /// how tests bring their own.
    #[must_use]
    pub(crate) fn trusted_issuer(mut self, factory: LocalIssuerFactory) -> Self {
        self.trusted_issuer = Some(factory);
        self
    }

    /// Another store, for all that the server and its built-in issuer have to know again: sessions and tasks, clients,
    /// codes and grants, counters, sealing keys. One store is for the instances of one server. **(default: in memory)**
    #[doc(hidden)]
    #[must_use]
    pub fn store(mut self, store: Store) -> Self {
        self.store = store;
        self
    }

    /// Keeps legacy sessions where other processes find them. A session stays its caller's there too.
    #[must_use]
    pub fn session_store(mut self, store: Arc<dyn SessionStore>) -> Self {
        self.session_store = Some(store);
        self
    }

    /// Verifies a kind of credential that is the program's own; `name` stands in `auth.verifiers` of the configuration, and in
    /// the audit. Verifiers are asked in the order in which they were given, after API keys and before tokens.
    #[must_use]
    pub fn verifier(mut self, name: impl Into<String>, verifier: impl CredentialVerifier) -> Self {
        self.verifiers.push((name.into(), Arc::new(verifier)));
        self
    }

    /// Serves these tools too, which come and go while the server runs. What the configuration says of a tool or a scope that is
    /// not there yet is then a warning of the start. One handle is for one server.
    ///
    /// They are not in what `--scopes` prints, nor in `mcp.lock`: those say what the program declares.
    #[must_use]
    pub fn tools(mut self, tools: Tools) -> Self {
        self.tools = Some(tools);
        self
    }

    /// Leaves `/healthz` and `/readyz` out: for an application that takes the server as a [`router`](Self::router)
    /// and answers there itself. axum refuses two routes of one path with a panic.
    #[must_use]
    pub fn without_health(mut self) -> Self {
        self.health = false;
        self
    }

    /// Says that the application which takes the server as a [`router`](Self::router) serves it by TLS only, so that the built-in issuer
    /// answers every request that reaches it. Say so only of a listener that speaks TLS itself: this cannot be checked, and of
    /// a listener that speaks http passwords, codes and tokens can be read on the way. [`start`](Self::start) and
    /// [`serve`](Self::serve) have a listener of their own, and go by `[server.tls]`.
    ///
    /// What the configuration has to name for an issuer that other computers reach stays the same: `[server.tls]`, with the files that the
    /// application serves too, or `server.trusted_proxies`.
    #[must_use]
    pub fn served_by_tls(mut self) -> Self {
        self.served_by_tls = true;
        self
    }

    /// Stops when this is triggered; signals trigger it too once the server is [served](Self::serve).
    #[must_use]
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// The server as a router, to be merged into an existing application, which then owns the listener with
    /// its timers and connection cap. Call it within a Tokio runtime: keys are loaded and kept fresh in the
    /// background, and `/readyz` says whose are missing.
    ///
    /// With the built-in issuer, serve it with `into_make_service_with_connect_info::<SocketAddr>()`, since the issuer looks at who asks:
    ///
    /// - Where `server.listen` and `server.public_url` are on loopback, it answers peers on loopback, and what no proxy passed on.
    /// - Where other computers reach it, it answers what the proxies of `server.trusted_proxies` send.
    /// - Where the application's listener speaks TLS itself, say so with [`served_by_tls`](Self::served_by_tls): then it answers all. `[server.tls]`
    ///   is about the listener of [`start`](Self::start), and says nothing about the application's.
    ///
    /// # Errors
    /// Every unsafe combination, by name; a store that cannot be opened; a built-in issuer that other computers reach, where neither
    /// proxies nor TLS are named as above.
    pub async fn router(self) -> Result<axum::Router> {
        let parts = self.checked().await?;
        let listen = parts.config.server.listen.get();
        http::router(parts, listen).await
    }

    /// Binds the configured address, loads the issuers' keys and serves in the background, until the builder's
    /// shutdown is triggered. Issuers that cannot be reached do not stop it: `/readyz` is 503 until one
    /// has keys, or all with `auth.ready = "all"`.
    ///
    /// # Errors
    /// Every unsafe combination, by name; an address that cannot be bound; an issuer whose metadata names another.
    pub async fn start(self) -> Result<Running> {
        start(self.checked().await?).await
    }

    /// Does what the configuration says: serves over HTTP or stdio until the process is told to stop, or
    /// prints what `--scopes`, `--help` or `--version` ask for; `--scopes lock` writes `mcp.lock` into the current directory.
    ///
    /// # Errors
    /// Every unsafe combination, by name; an address that cannot be bound; a credential that is not accepted.
    pub async fn serve(mut self) -> Result {
        let config = match self.config.take() {
            Some(config) => config,
            None => Config::from_args_for(&H::operations().build()?.0)?,
        };
        let about = H::about();
        match config.command() {
            Command::Serve => {}
            Command::Help => {
                let program = program().unwrap_or_else(|| about.name.clone());
                return print(&help(&about.name, &about.version, first_words(&about), &program));
            }
            Command::Version => return print(&format!("{} {}\n", about.name, about.version)),
            Command::Scopes(format) => {
                let (registry, _) = H::operations().build()?;
                let registry = if self.tools.is_some() { registry.changing() } else { registry };
                // The JSON and the lock say what the program declares: `mcp-auth check` reads them, and adds what its configuration
                // says.
                let registry = match format {
                    TableFormat::Text => config.narrowed(registry),
                    TableFormat::Json | TableFormat::Lock => registry,
                };
                return print(&table::render(&registry, format)?);
            }
        }
        let transport = config.server.transport;
        let log = observe::log::start(&config.log.directives(transport), config.log.format)?;
        self.config = Some(config);
        let parts = self.checked().await?;
        tokio::spawn(shutdown_signal(parts.shutdown.clone(), log.finisher())?);
        serve(parts, transport).await
    }

    /// Everything that can be refused before anything is bound.
    async fn checked(self) -> Result<Parts> {
        let config = self.config.unwrap_or_default();
        let (registry, routes) = H::operations().build()?;
        let store = match config.store.url.place() {
            Ok(StorePlace::Memory) => self.store,
            _ => {
                // What would not start makes no store, and changes none.
                let program = registry.clone();
                config.check(&if self.tools.is_some() { program.changing() } else { program })?;
                stored::of(&config, &self.ambient).await?.unwrap_or(self.store)
            }
        };
        let tasks = Tasks::new(store.clone(), Arc::clone(&self.ambient.clock));
        let tasks = match config.server.transport {
            Transport::Http => tasks.of_strangers(Arc::clone(&self.ambient.random)),
            Transport::Stdio => tasks, // one caller
        };
        let Begun { checked, rules } = match &self.tools {
            Some(tools) => tools.begin(&config, registry, tasks)?,
            None => {
                let checked = config.check(&registry)?;
                let rules = Rulebook::new(config.narrowed(registry), checked.policy.clone(), tasks);
                Begun { checked, rules: Arc::new(rules) }
            }
        };
        let expired = config.expired_api_keys(self.ambient.clock.unix_now());
        for warning in checked.warnings.iter().chain(&expired) {
            tracing::warn!("{warning}");
        }
        let verifiers = trust::own_verifiers(&config, self.verifiers)?;
        let is_on = config.built_in_issuer().is_some();
        let local_issuer = match config.auth.verify {
            Verify::None => None,
            Verify::Tokens => self.trusted_issuer.or(self.local_issuer.filter(|_| is_on)),
        };
        if is_on && local_issuer.is_none() {
            return Err(Error::from(format!(
                "[issuer] is on, and this binary has no built-in issuer: enable the feature `issuer` of mcp-auth: {}",
                config.place(&key!(issuer))
            )));
        }
        try_encryption(&config)?;
        let fetch = match self.fetch {
            Some(fetch) => fetch,
            None => Arc::new(HttpFetch::new()?),
        };
        Ok(Parts {
            served: Box::new(Serving::new(self.handler, routes)),
            about: H::about(),
            rules,
            changes: self.tools.is_some(),
            checked,
            config,
            ambient: self.ambient,
            fetch,
            local_issuer,
            store,
            session_store: self.session_store,
            verifiers,
            health: self.health,
            served_by_tls: self.served_by_tls,
            shutdown: self.shutdown,
            denied: OnceLock::new(),
            brand: OnceLock::new(),
        })
    }
}

/// Starts it. The future is boxed, so that all of it is compiled here, and not again for each type that is served.
fn start(parts: Parts) -> BoxFuture<'static, Result<Running>> {
    Box::pin(http::start(parts))
}

/// Serves it until the process is told to stop. Boxed as above.
fn serve(parts: Parts, transport: Transport) -> BoxFuture<'static, Result> {
    match transport {
        Transport::Http => Box::pin(http::serve(parts)),
        Transport::Stdio => Box::pin(stdio::serve(parts)),
    }
}

/// What the server says it is: its description, else the first paragraph of its instructions.
fn first_words(about: &About) -> Option<&str> {
    let text = about.description.as_deref().or(about.instructions.as_deref())?;
    text.trim().split("\n\n").next().filter(|paragraph| !paragraph.is_empty())
}

/// The name of the executable.
fn program() -> Option<String> {
    let path = std::env::args_os().next()?;
    Some(std::path::Path::new(&path).file_name()?.to_string_lossy().into_owned())
}

fn print(text: &str) -> Result {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
