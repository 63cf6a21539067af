//! The client credentials grant.

use http::StatusCode;
use mcp_auth_core::ScopeSet;
use mcp_auth_issuer::NamedClient;

use crate::harness::*;

const CLIENT: [(&str, &str); 3] = [
    ("grant_type", "client_credentials"),
    ("client_id", "nightly job"),
    ("client_secret", "s3cret: with %+ in it"),
];

#[tokio::test]
async fn named_client_gets_its_scopes_under_its_own_name() {
    let app = App::new();
    let tokens = app.token(&CLIENT).await.json();
    assert_eq!(tokens["scope"], "todos.read todos.write");
    assert!(tokens.get("refresh_token").is_none());
    let claims = app.claims(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["client_id"]), (&"nightly job".into(), &"nightly job".into()));
}

#[tokio::test]
async fn named_client_gets_less_on_request_and_never_more() {
    let app = App::new();
    let with = |name, value| changed(&CLIENT, (name, value));
    assert_eq!(app.token(&with("scope", "todos.read")).await.json()["scope"], "todos.read");
    app.token(&with("scope", "admin")).await.assert_error(400, "invalid_scope");
    app.token(&with("scope", "nothing")).await.assert_error(400, "invalid_scope");
    app.token(&with("resource", "http://other/mcp")).await.assert_error(400, "invalid_target");
    assert_eq!(app.token(&with("resource", RESOURCE)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn public_clients_and_other_grants_are_unauthorized() {
    let app = App::new();
    let public = app.public_client().await;
    let form = [("grant_type", "client_credentials"), ("client_id", &*public)];
    app.token(&form).await.assert_error(400, "unauthorized_client");
    let form = changed(&CLIENT, ("grant_type", "authorization_code"));
    app.token(&changed(&form, ("code", "x"))).await.assert_error(400, "unauthorized_client");
}

#[tokio::test]
async fn named_client_gets_a_scope_that_one_of_its_own_implies_and_none_that_implies_one() {
    let writes =
        NamedClient::machine("writer", "a secret of enough characters", ScopeSet::parse_lossy("todos.write"));
    let app = App::with(|_| (), |options| options.clients.push(writes));
    let form = changed(&CLIENT, ("client_id", "writer"));
    let form = changed(&form, ("client_secret", "a secret of enough characters"));
    let asked = async |scope| app.token(&changed(&form, ("scope", scope))).await;
    assert_eq!(asked("todos.read").await.json()["scope"], "todos.read");
    assert_eq!(asked("").await.json()["scope"], "todos.write");
    for wider in ["admin", "todos.read admin", "files:photos:read"] {
        asked(wider).await.assert_error(400, "invalid_scope");
    }
}
