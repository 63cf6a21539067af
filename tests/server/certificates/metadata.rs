//! What the metadata of the resource says of certificates (RFC 9728 section 2).

use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::bench::{Bench, behind_proxy};
use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::CONFIG;
use crate::launch;

const MEMBER: &str = "tls_client_certificate_bound_access_tokens";

#[tokio::test]
async fn metadata_says_that_tokens_are_bound_only_where_every_issuer_requires_it() {
    let second =
        "[[auth.issuers]]\nissuer = \"https://second.example\"\njwks_uri = \"http://127.0.0.1:1/\"\n";
    for (mode, more, expected) in [
        ("required", String::new(), Some(true)),
        ("required", format!("{second}certificate_bound = \"required\""), Some(true)),
        ("required", format!("{second}certificate_bound = \"allowed\""), None),
        ("required", second.to_owned(), None),
        ("allowed", String::new(), None),
    ] {
        let issuer = AuthorizationServer::with_keys(&[&Key::new(Algorithm::ES256, "k")]).await;
        let section = issuer.toml(&format!("certificate_bound = {mode:?}"));
        let toml = format!("{CONFIG}\n{}{section}\n{more}", behind_proxy("rfc9440"));
        let server = launch::toml(&toml).variable("MCP_SERVER__LISTEN", "127.0.0.1:0").http().await;
        let url = server.mcp().replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
        let metadata: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        assert_eq!(metadata.get(MEMBER).and_then(Value::as_bool), expected, "{mode} {more}");
    }
    // A test server trusts an issuer of its own beside, whose tokens are not bound.
    let bench = Bench::with("required").await;
    let url = bench.server.at("/.well-known/oauth-protected-resource/mcp");
    let metadata: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    assert_eq!(metadata.get(MEMBER), None);
}
