//! mcp-auth with its defaults, trusting one issuer whose keys come from a file instead of the network.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use mcp_auth::prelude::*;
use mcp_auth::{Config, Handler, Server};
use mcp_auth_bench::{ISSUER, JWKS_URI, RESOURCE, SCOPE};
use mcp_auth_runtime::facade::{Fetch, FetchFuture, FetchRequest, Fetched};

use super::{Error, announce};

/// What the tools add.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub(super) struct Sum {
    a: i64,
    b: i64,
}

/// One tool for callers that hold the scope, and the same tool for everyone.
pub(super) struct One;

#[server]
impl One {
    /// Adds two numbers.
    #[tool(scope = "bench.call")]
    async fn add(&self, _caller: Caller, Parameters(Sum { a, b }): Parameters<Sum>) -> String {
        (a + b).to_string()
    }

    /// Adds two numbers.
    #[tool(public)]
    async fn add_public(&self, Parameters(Sum { a, b }): Parameters<Sum>) -> String {
        (a + b).to_string()
    }
}

/// Two hundred tools.
pub(super) struct Many;

macro_rules! many {
    ($($name:ident)*) => {
        #[server]
        impl Many {
            $(
                /// Adds two numbers.
                #[tool(scope = "bench.call")]
                async fn $name(&self, _caller: Caller, Parameters(Sum { a, b }): Parameters<Sum>) -> String {
                    (a + b).to_string()
                }
            )*
        }
    };
}
mcp_auth_bench::two_hundred!(many);

/// The issuer's keys, read once.
struct KeysFile(Bytes);

impl Fetch for KeysFile {
    fn fetch(&self, _request: FetchRequest, _max_bytes: usize) -> FetchFuture<'_> {
        let fetched = Fetched { status: StatusCode::OK, headers: HeaderMap::new(), body: self.0.clone() };
        Box::pin(async { Ok(fetched) })
    }
}

/// Serves until it is killed. `log` writes what a server writes by default: an audit event for each request.
pub(super) async fn serve<H: Handler>(handler: H, keys: &str, log: bool) -> Result<(), Error> {
    let format = mcp_auth_runtime::facade::LogFormat::Text;
    let _log = log.then(|| mcp_auth_runtime::facade::start_log("info", format)).transpose()?;
    let keys = std::fs::read(std::path::Path::new(keys).join("jwks.json"))?;
    // The shortest cache there is, for tokens that are to be verified anew; one in use stays remembered.
    let config = Config::from_toml_str(&format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"{RESOURCE}\"\n\
         [auth]\nbase_scopes = [\"{SCOPE}\"]\nconnect = \"authenticated\"\n\
         [[auth.issuers]]\nissuer = \"{ISSUER}\"\njwks_uri = \"{JWKS_URI}\"\ntoken_cache_ttl = \"{}\"\n",
        std::env::var("BENCH_TOKEN_CACHE_TTL").unwrap_or_else(|_| "60s".to_owned()),
    ))
    .map_err(|error| error.to_string())?;
    let server = Server::builder(handler).config(config).fetch(Arc::new(KeysFile(keys.into())));
    let running = server.start().await.map_err(|error| format!("{error:?}"))?;
    announce(running.address())?;
    running.ended().await;
    Ok(())
}
