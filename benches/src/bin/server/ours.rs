//! mcp-auth with its defaults, trusting one issuer whose keys come from a file instead of the network.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use mcp_auth::prelude::*;
use mcp_auth::{Config, Handler, Server};
use mcp_auth_bench::{INTROSPECTION, ISSUER, JWKS_URI, RESOURCE, SCOPE};
use mcp_auth_core::ApiKey;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::facade::{Algorithm, ApiKeyDigest, Fetch, FetchFuture, FetchRequest, Fetched};

use super::signatures::Signatures;
use super::{Error, announce};

/// What the tools add.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub(super) struct Sum {
    a: i64,
    b: i64,
}

/// One tool for callers that hold the scope, the same tool for everyone, and the same that verifies one bare signature.
pub(super) struct One {
    es256: Signatures,
    rs256: Signatures,
    eddsa: Signatures,
}

impl One {
    /// Takes its signatures from the tokens in `keys`.
    pub(super) fn new(keys: &str) -> Result<Self, Error> {
        Ok(Self {
            es256: Signatures::read(keys, Algorithm::Es256)?,
            rs256: Signatures::read(keys, Algorithm::Rs256)?,
            eddsa: Signatures::read(keys, Algorithm::EdDsa)?,
        })
    }
}

/// The sum, if the next signature is good.
fn signed_sum(signatures: &Signatures, Sum { a, b }: Sum) -> String {
    if signatures.verify_next() { (a + b).to_string() } else { "a wrong signature".to_owned() }
}

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

    /// Adds two numbers.
    #[tool(scope = "bench.call")]
    async fn add_es256(&self, _caller: Caller, Parameters(sum): Parameters<Sum>) -> String {
        signed_sum(&self.es256, sum)
    }

    /// Adds two numbers.
    #[tool(scope = "bench.call")]
    async fn add_rs256(&self, _caller: Caller, Parameters(sum): Parameters<Sum>) -> String {
        signed_sum(&self.rs256, sum)
    }

    /// Adds two numbers.
    #[tool(scope = "bench.call")]
    async fn add_eddsa(&self, _caller: Caller, Parameters(sum): Parameters<Sum>) -> String {
        signed_sum(&self.eddsa, sum)
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

/// What a server accepts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepts {
    Jwt,
    ApiKey,
    Opaque,
}

/// The issuer: its keys, read once, and its word that every token is active.
struct Issuer {
    keys: Bytes,
    active: Bytes,
}

impl Issuer {
    fn new(keys: Vec<u8>) -> Self {
        let now = Ambient::system().clock.unix_now();
        let active = serde_json::json!({
            "active": true, "iss": ISSUER, "aud": RESOURCE, "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
            "client_id": "my_client_application", "iat": now, "exp": now + 3600, "scope": SCOPE, "token_type": "Bearer",
        });
        Self { keys: keys.into(), active: active.to_string().into() }
    }
}

impl Fetch for Issuer {
    fn fetch(&self, request: FetchRequest, _max_bytes: usize) -> FetchFuture<'_> {
        let document = if request.url.as_str() == INTROSPECTION { &self.active } else { &self.keys };
        let fetched = Fetched { status: StatusCode::OK, headers: HeaderMap::new(), body: document.clone() };
        Box::pin(async { Ok(fetched) })
    }
}

/// Serves until it is killed.
pub(super) async fn serve<H: Handler>(handler: H, keys: &str, accepts: Accepts) -> Result<(), Error> {
    let read = |name: &str| std::fs::read_to_string(Path::new(keys).join(name));
    // The shortest cache there is, for tokens that are to be verified anew; one in use stays remembered.
    let ttl = std::env::var("BENCH_TOKEN_CACHE_TTL").unwrap_or_else(|_| "60s".to_owned());
    let issuer = format!(
        "[[auth.issuers]]\nissuer = \"{ISSUER}\"\njwks_uri = \"{JWKS_URI}\"\ntoken_cache_ttl = \"{ttl}\"\n"
    );
    let credentials = match accepts {
        Accepts::Jwt => issuer,
        Accepts::Opaque => {
            format!("{issuer}[auth.issuers.introspection]\nendpoint = \"{INTROSPECTION}\"\nauth = \"none\"\n")
        }
        Accepts::ApiKey => {
            let digest =
                ApiKeyDigest::of(&read("api-key.txt")?.parse::<ApiKey>().map_err(|error| error.to_string())?);
            format!("[[auth.api_keys]]\nname = \"bench\"\ndigest = \"{digest}\"\nscopes = [\"{SCOPE}\"]\n")
        }
    };
    let config = Config::from_toml_str(&format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"{RESOURCE}\"\n\
         [auth]\nbase_scopes = [\"{SCOPE}\"]\nconnect = \"authenticated\"\n{credentials}",
    ))
    .map_err(|error| error.to_string())?;
    let server = Server::builder(handler).config(config);
    let server = server.fetch(Arc::new(Issuer::new(read("jwks.json")?.into_bytes())));
    let running = server.start().await.map_err(|error| format!("{error:?}"))?;
    announce(running.address())?;
    running.ended().await;
    Ok(())
}
