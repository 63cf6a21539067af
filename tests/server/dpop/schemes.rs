//! What challenges and metadata offer.

use jsonwebtoken::Algorithm;
use mcp_auth::testing::{ReceivedChallenge, TestServer};
use mcp_auth_tests::ruled::Ruled;
use serde_json::{Value, json};

use super::bench::{Bench, thumbprint};
use crate::authorization_server::{AuthorizationServer, Key, now};
use crate::everything::CONFIG;
use crate::launch;
use crate::wire::{Wire, call_headers, meta};

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

#[tokio::test]
async fn a_login_that_is_too_old_is_asked_for_again_in_both_schemes_with_bearer_first() {
    let bench = Bench::of("[tools.read_note]\nlogin = \"5m\"\nacr = [\"phr\"]\n", "dpop = \"allowed\"").await;
    let bound = |claims: Value| {
        let mut all = json!({ "cnf": { "jkt": thumbprint(&bench.own.bare_jwk()) } });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        bench.token_with(all)
    };
    let (old, new) =
        (json!({ "auth_time": now() - 999, "acr": "phr" }), json!({ "auth_time": now(), "acr": "phr" }));
    let before = bench.everything.ran();
    let (token, plain) = (bound(old.clone()), bench.token_with(old));
    let proof = bench.proof(&token).signed();
    for got in
        [bench.send("DPoP", &token, &[proof.as_bytes()]).await, bench.send("Bearer", &plain, &[]).await]
    {
        let said: Vec<&str> = got.challenges.iter().filter_map(|one| one.split(' ').next()).collect();
        assert_eq!((got.status, said), (401, vec!["Bearer", "DPoP"]), "{got:?}");
        for scheme in ["Bearer", "DPoP"] {
            let challenge = got.challenge(scheme).expect("a challenge");
            assert_eq!(challenge.error(), Some("insufficient_user_authentication"), "{scheme}");
            let asked = ["max_age", "acr_values", "scope"].map(|name| challenge.get(name));
            assert_eq!(asked, [Some("300"), Some("phr"), Some("read")], "{scheme}");
        }
    }
    assert_eq!(bench.everything.ran(), before);
    let token = bound(new.clone());
    bench.accepts(&token, &bench.proof(&token).signed(), "logged in lately").await;
    assert_eq!(bench.send("Bearer", &bench.token_with(new), &[]).await.status, 200);
}

#[tokio::test]
async fn the_scope_that_a_guard_needs_is_asked_for_in_both_schemes_with_bearer_first() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = AuthorizationServer::with_keys(&[&key]).await;
    let roles = "auth.base_scopes = []\n[roles.r]\nwhen = { claim = \"groups\", contains = \"r\" }\n\
                 [roles.s]\nwhen = { claim = \"groups\", contains = \"s\" }\n\
                 [tools.confirmed_by_login]\ndisabled = true\n"; // there is no page
    let toml = format!("{roles}{}", issuer.toml("dpop = \"allowed\""));
    let ruled = Ruled::default();
    let builder = TestServer::builder(ruled.clone()).toml(&toml).expect("a configuration");
    let server = builder.start().await.expect("a server");
    let wire = Wire::of(&server);
    let call = async |word: &str| {
        let token = key.token(&issuer.claims(server.url(), json!({ "groups": ["s"] })));
        let params =
            json!({ "name": "guarded", "arguments": { "bucket": "home", "word": word }, "_meta": meta() });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let lines =
            format!("Host: {}\r\n{}Authorization: Bearer {token}\r\n", wire.host(), call_headers("guarded"));
        wire.post("/mcp", &lines, body.to_string()).await
    };
    let needs = call("need").await;
    let challenges: Vec<&str> = needs
        .text()
        .lines()
        .filter_map(|line| line.split_once(": ").filter(|(name, _)| *name == "www-authenticate"))
        .map(|(_, challenge)| challenge)
        .collect();
    assert_eq!((needs.status(), challenges.len()), (403, 2), "{}", needs.text());
    for (challenge, scheme) in challenges.into_iter().zip(["Bearer", "DPoP"]) {
        assert!(challenge.starts_with(scheme), "{challenge}");
        // The reader of the test kit gives the Bearer challenge alone.
        let challenge =
            ReceivedChallenge::parse(&challenge.replacen(scheme, "Bearer", 1)).expect("a challenge");
        assert_eq!(
            (challenge.error(), challenge.scopes()),
            (Some("insufficient_scope"), vec!["g"]),
            "{scheme}"
        );
    }
    // The twins: a refusal by which no client can step up, and a call that is allowed.
    let denied = call("deny").await;
    assert_eq!((denied.status(), denied.challenge()), (403, None), "{}", denied.text());
    assert_eq!(ruled.ran.load(std::sync::atomic::Ordering::SeqCst), 0);
    let allowed = call("ok").await;
    assert_eq!(allowed.json()["result"]["content"][0]["text"], "home", "{}", allowed.text());
}
