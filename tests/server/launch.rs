//! The test binary about to be started, and the issuer that it trusts.

use std::sync::Arc;

use mcp_auth::ambient::SystemClock;
use mcp_auth::http;
use mcp_auth::testing::{TestIssuer, Token};
use mcp_auth_tests::everything;
use mcp_auth_tests::process::Launch;
use mcp_auth_tests::site::Served;

/// The resource identifier of every process that verifies tokens.
pub const RESOURCE: &str = "https://everything.test/mcp";

/// In a directory without any `mcp.toml`.
pub fn nowhere() -> Launch {
    Launch::of(env!("CARGO_BIN_EXE_everything"))
}

/// With this `mcp.toml` in its directory.
pub fn toml(text: &str) -> Launch {
    nowhere().toml(text)
}

/// Trusting `issuer`, with the configuration of `everything` and any free port.
pub fn trusting(issuer: &Issuer) -> Launch {
    toml(everything::CONFIG)
        .variable("MCP_SERVER__LISTEN", "127.0.0.1:0")
        .variable("MCP_SERVER__PUBLIC_URL", RESOURCE)
        .variable("MCP_AUTH__ISSUERS", &issuer.configured())
}

/// Trusting `issuer`, with nothing else configured but any free port.
pub fn trusting_only(issuer: &Issuer) -> Launch {
    toml("")
        .variable("MCP_SERVER__LISTEN", "127.0.0.1:0")
        .variable("MCP_SERVER__PUBLIC_URL", RESOURCE)
        .variable("MCP_AUTH__ISSUERS", &issuer.configured())
}

/// A throwaway issuer whose keys are fetched over HTTP, as a process does it.
pub struct Issuer {
    issuer: TestIssuer,
    _serving: Served,
}

impl Issuer {
    /// Serves a fresh key.
    pub async fn start() -> Self {
        let mut issuer = None;
        let serving = Served::with(|url| {
            let issuer = issuer.insert(TestIssuer::new(url, Arc::new(SystemClock)));
            let jwks = issuer.jwks().to_string();
            let keys = move || async move { ([(http::header::CONTENT_TYPE, "application/json")], jwks) };
            axum::Router::new().route("/jwks", axum::routing::get(keys))
        });
        let serving = serving.await;
        Self { issuer: issuer.expect("it was made for its address"), _serving: serving }
    }

    /// Its issuer identifier.
    pub fn name(&self) -> &str {
        self.issuer.issuer()
    }

    /// A good token for `subject` at [`RESOURCE`], without any scope yet.
    pub fn token(&self, subject: &str) -> Token {
        self.issuer.token(subject, RESOURCE)
    }

    /// The same, for the resource `resource`.
    pub fn token_for(&self, subject: &str, resource: &str) -> Token {
        self.issuer.token(subject, resource)
    }

    /// `auth.issuers` with this one.
    pub fn configured(&self) -> String {
        let issuer = self.issuer.issuer();
        format!("[{{ issuer = {issuer:?}, jwks_uri = \"{issuer}/jwks\", clock_skew = \"0s\" }}]")
    }
}
