//! Serving: the runtime's builder, with the built-in issuer where the feature `issuer` brings it.

use mcp_auth_runtime::config::{Config, Transport};
use mcp_auth_runtime::facade::{Handler, Result, ServerBuilder};

/// Where a server starts: [`Server::builder`].
#[derive(Debug)]
pub struct Server;

impl Server {
    /// A server of `handler`: give it a [`config`](ServerBuilder::config), then
    /// [`serve`](ServerBuilder::serve) it, or take it as a [`router`](ServerBuilder::router) into an axum
    /// application you have.
    ///
    /// # Example
    /// ```
    /// use mcp_auth::prelude::*;
    /// use mcp_auth::{Config, Server};
    ///
    /// #[derive(Clone)]
    /// struct Clock;
    ///
    /// #[server]
    /// impl Clock {
    ///     /// The hour.
    ///     #[tool(scope = "clock.read")]
    ///     fn hour(&self) -> String {
    ///         "noon".to_owned()
    ///     }
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), mcp_auth::Error> {
    /// let config = Config::from_toml_str(
    ///     r#"
    ///     [server]
    ///     public_url = "https://clock.example.com/mcp"
    ///     [auth]
    ///     base_scopes = ["clock.read"]
    ///     [[auth.issuers]]
    ///     issuer = "https://login.example.com/"
    ///     "#,
    /// )?;
    /// let router = Server::builder(Clock).config(config).router().await?;
    /// # let _ = router;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder<H: Handler>(handler: H) -> ServerBuilder<H> {
        let builder = ServerBuilder::new(handler);
        #[cfg(feature = "issuer")]
        let builder = builder.local_issuer(Box::new(built_in));
        builder
    }
}

/// Serves `handler` as the process' arguments, environment and `mcp.toml` say, until it is told to stop.
///
/// Takes the arguments `--config`, `--profile`, `--transport`, `--listen`; `--scopes [json]` prints every
/// operation with who may call it, `--scopes lock` writes that to `mcp.lock`. Over stdio the process exits with the client: a tool that still blocks a
/// thread does not hold it up.
///
/// # Errors
/// Every unsafe combination, by name: return it from `main`, and the process exits 1 with the reason.
pub async fn serve<H: Handler>(handler: H) -> Result {
    let (registry, _) = H::operations().build()?;
    serve_with(handler, Config::from_args_for(&registry)?).await
}

/// [`serve`] with a configuration that is loaded in another way, for examples and tests.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with<H: Handler>(handler: H, config: Config) -> Result {
    let over_stdio = config.server.transport == Transport::Stdio;
    Server::builder(handler).config(config).serve().await?;
    if over_stdio {
        std::process::exit(0);
    }
    Ok(())
}

/// The built-in issuer, as `[issuer]` says.
#[cfg(feature = "issuer")]
fn built_in(
    setup: mcp_auth_runtime::facade::LocalIssuerSetup,
    config: &Config,
) -> std::pin::Pin<Box<dyn Future<Output = Result<mcp_auth_runtime::facade::LocalIssuer>> + Send + '_>> {
    use mcp_auth_issuer::IssuerOptions;

    Box::pin(async move {
        let issuer = config.built_in_issuer().ok_or("[issuer] is not on")?;
        let options = IssuerOptions::configured(config, issuer)?;
        Ok(mcp_auth_issuer::start(setup, options).await?)
    })
}
