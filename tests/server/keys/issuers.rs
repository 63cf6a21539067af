//! Several issuers: each with its own keys and rules.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::trust::{assert_invalid, assert_read, read_note, token, verify};
use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::Everything;

#[tokio::test]
async fn t30_the_same_kid_at_two_issuers_means_two_keys() {
    let (ours, theirs) = (Key::new(Algorithm::ES256, "same"), Key::new(Algorithm::ES256, "same"));
    let first = AuthorizationServer::with_keys(&[&ours]).await;
    let second = AuthorizationServer::empty("/two/").await;
    second.publish_metadata("/.well-known/oauth-authorization-server/two");
    second.publish(&[&theirs]);
    let everything = Everything::default();
    let server = everything.start_with(&verify(&[first.toml(""), second.toml("")])).await;

    let mut callers = Vec::new();
    for (issuer, key) in [(&first, &ours), (&second, &theirs)] {
        let client = server.client().token(token(&server, issuer, key));
        let who = client.call_tool("whoami", json!({})).await;
        let who = who.structured().expect("a caller");
        assert_eq!((&who["subject"], &who["issuer"]), (&json!("alice"), &json!(issuer.issuer())));
        callers.push(who["id"].clone());
    }
    assert_ne!(callers[0], callers[1], "the same subject at two issuers is two callers");
    assert_eq!(everything.ran(), 2);
    for (issuer, key) in [(&first, &theirs), (&second, &ours)] {
        assert_invalid(&read_note(&server, token(&server, issuer, key)).await, issuer.issuer());
    }
    assert_eq!(everything.ran(), 2);

    let metadata = reqwest::get(server.at("/.well-known/oauth-protected-resource/mcp")).await.unwrap();
    let metadata: Value = metadata.json().await.unwrap();
    let expected = json!([server.issuer().issuer(), first.issuer(), second.issuer()]);
    assert_eq!(metadata["authorization_servers"], expected, "no slash added or removed");
}

#[tokio::test]
async fn each_issuer_keeps_to_its_own_rules() {
    let key = Key::new(Algorithm::ES256, "k");
    let strict = AuthorizationServer::with_keys(&[&key]).await;
    let own = AuthorizationServer::with_keys(&[&key]).await;
    let everything = Everything::default();
    let toml = verify(&[strict.toml("allowed_clients = [\"app\"]"), own.toml("audience = \"urn:us\"")]);
    let server = everything.start_with(&toml).await;
    let token = |issuer: &AuthorizationServer, audience: &str, client: &str| {
        key.token(&issuer.claims(audience, json!({ "client_id": client })))
    };
    for (case, token, good) in [
        ("the client of one issuer", token(&strict, server.url(), "app"), true),
        ("another client", token(&strict, server.url(), "other"), false),
        ("the audience of the other issuer", token(&strict, "urn:us", "app"), false),
        ("its audience, and any client", token(&own, "urn:us", "other"), true),
        ("the audience of the first issuer", token(&own, server.url(), "app"), false),
    ] {
        let answer = read_note(&server, token).await;
        if good { assert_read(&answer, case) } else { assert_invalid(&answer, case) }
    }
    assert_eq!(everything.ran(), 2);
}
