//! What challenges and metadata offer.

use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::bench::Bench;
use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::CONFIG;
use crate::launch;

const ALGS: &str = "ES256 ES384 ES512 EdDSA PS256 PS384 PS512 RS256 RS384 RS512";

async fn metadata(bench: &Bench) -> Value {
    let url = bench.server.at("/.well-known/oauth-protected-resource/mcp");
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn challenges_and_metadata_offer_what_is_accepted_with_bearer_first() {
    // A test server trusts an issuer of its own beside, whose tokens are not bound.
    let both = &["Bearer", "DPoP"][..];
    for (dpop, schemes) in [("off", &["Bearer"][..]), ("allowed", both), ("required", both)] {
        let bench = Bench::with(dpop).await;
        let got = bench.call("read_note", "", &[]).await;
        assert_eq!(got.status, 401);
        let said: Vec<&str> = got.challenges.iter().filter_map(|one| one.split(' ').next()).collect();
        assert_eq!(said, schemes, "{dpop}");
        for scheme in schemes {
            let challenge = got.challenge(scheme).expect("a challenge");
            assert_eq!(challenge.error(), None, "{dpop} {scheme}: nothing was presented");
            assert!(challenge.resource_metadata().is_some(), "{dpop} {scheme}");
            assert_eq!(challenge.get("algs"), (*scheme == "DPoP").then_some(ALGS), "{dpop}");
        }
        let metadata = metadata(&bench).await;
        let algorithms: Vec<Value> = ALGS.split(' ').map(Value::from).collect();
        let is_on = dpop != "off";
        let supported = metadata.get("dpop_signing_alg_values_supported");
        assert_eq!(supported.cloned(), is_on.then(|| algorithms.into()), "{dpop}");
        let required = metadata.get("dpop_bound_access_tokens_required");
        assert_eq!(required.cloned(), is_on.then_some(Value::Bool(false)), "{dpop}");
    }
}

#[tokio::test]
async fn where_every_issuer_requires_bound_tokens_no_other_scheme_is_offered() {
    let second =
        "[[auth.issuers]]\nissuer = \"https://second.example\"\njwks_uri = \"http://127.0.0.1:1/\"\n";
    for (more, scheme, required) in [
        (String::new(), "DPoP", Some(true)),
        (format!("{second}dpop = \"required\""), "DPoP", Some(true)),
        (format!("{second}dpop = \"allowed\""), "Bearer", Some(false)),
        (second.to_owned(), "Bearer", Some(false)),
    ] {
        let issuer = AuthorizationServer::with_keys(&[&Key::new(Algorithm::ES256, "k")]).await;
        let toml = format!("{CONFIG}\n{}\n{more}", issuer.toml("dpop = \"required\""));
        let launch = launch::toml(&toml).variable("MCP_SERVER__LISTEN", "127.0.0.1:0");
        let server = launch.http().await;
        let answer = reqwest::get(server.mcp()).await.unwrap();
        assert_eq!(answer.status(), 401, "{more}");
        let first = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert!(first.starts_with(scheme), "{more}: {first}");
        let url = server.mcp().replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
        let metadata: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let said = metadata.get("dpop_bound_access_tokens_required").and_then(Value::as_bool);
        assert_eq!(said, required, "{more}");
    }
}

#[tokio::test]
async fn the_error_of_a_proof_is_in_the_dpop_challenge_alone_and_that_of_a_token_in_both() {
    let bench = Bench::with("allowed").await;
    let token = bench.token();
    let got = bench.send("DPoP", &token, &[b"x"]).await;
    assert!(got.challenge("Bearer").is_none(), "{got:?}");
    assert_eq!(got.challenge("DPoP").expect("a challenge").error(), Some("invalid_dpop_proof"));
    let got = bench.send("Bearer", &token, &[]).await;
    for scheme in ["Bearer", "DPoP"] {
        assert_eq!(got.challenge(scheme).expect("a challenge").error(), Some("invalid_token"), "{scheme}");
    }
}
