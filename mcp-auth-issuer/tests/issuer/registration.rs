//! Dynamic client registration.

use axum::body::Body;
use http::{Request, StatusCode};
use mcp_auth_issuer::{InitialAccessToken, SecretHash};
use mcp_auth_store::{Caps, Store};
use serde_json::{Value, json};

use crate::harness::*;

/// Registration requests modelled on those of seven MCP clients.
#[tokio::test]
async fn what_real_clients_send_is_registered() {
    let app = App::new();
    let loopback = |port: u16| format!("http://127.0.0.1:{port}/callback");
    for (name, redirect, grants, extra) in [
        ("no refresh", loopback(40001), json!(["authorization_code"]), json!({ "scope": "todos.read" })),
        ("with refresh", loopback(40002), json!(["authorization_code", "refresh_token"]), json!({})),
        (
            "more scopes",
            loopback(40003),
            json!(["authorization_code", "refresh_token"]),
            json!({ "scope": "todos.read todos.write offline_access" }),
        ),
        (
            "by name",
            "http://localhost:40004/callback".into(),
            json!(["authorization_code", "refresh_token"]),
            json!({}),
        ),
        (
            "other path",
            "http://127.0.0.1:40005/oauth/callback".into(),
            json!(["authorization_code", "refresh_token"]),
            json!({ "client_uri": "https://client.example/repo" }),
        ),
        (
            "software",
            "http://localhost:40006/oauth/callback".into(),
            json!(["authorization_code", "refresh_token"]),
            json!({ "software_id": "1b9e", "software_version": "1.0", "client_uri": "https://client.example" }),
        ),
        (
            "web",
            "https://client.example/api/auth_callback".into(),
            json!(["authorization_code", "refresh_token"]),
            json!({ "application_type": "web", "contacts": ["a@client.example"], "logo_uri": "https://client.example/l.png" }),
        ),
    ] {
        let mut metadata = json!({
            "client_name": name, "redirect_uris": [redirect], "grant_types": grants, "response_types": ["code"],
            "token_endpoint_auth_method": "none", "application_type": "native", "scope": "todos.read offline_access",
        });
        metadata.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let answer = app.register(&metadata).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{name}: {}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        let document = answer.json();
        assert_eq!(document["redirect_uris"], json!([redirect]), "{name}");
        assert_eq!(document["grant_types"], grants, "{name}");
        assert_eq!(document["client_name"], name);
        assert_eq!(document["token_endpoint_auth_method"], "none");
        assert_eq!(document["client_id_issued_at"], START);
        assert!(document.get("client_secret").is_none());
    }
}

#[tokio::test]
async fn confidential_clients_get_a_secret() {
    let app = App::new();
    for method in ["client_secret_basic", "client_secret_post"] {
        let document = app.register(&metadata(&[REDIRECT], method)).await.json();
        assert!(document["client_secret"].as_str().unwrap().len() >= 43);
        assert_eq!(document["client_secret_expires_at"], 0);
    }
    let minimal = app.register(&json!({ "redirect_uris": [REDIRECT] })).await.json();
    assert_eq!(minimal["token_endpoint_auth_method"], "client_secret_basic", "the default of RFC 7591");
    assert_eq!(minimal["grant_types"], json!(["authorization_code", "refresh_token"]));
}

#[tokio::test]
async fn p27_identifiers_are_opaque_and_differ() {
    let app = App::new();
    let (a, b) = (app.public_client().await, app.another_client().await);
    assert_ne!(a, b);
    for id in [a, b] {
        assert!(id.starts_with("client_") && id.len() == 29, "{id}");
        assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{id}");
    }
}

/// Hosted clients register each time they connect, for each of their users, all from one address.
#[tokio::test]
async fn p27_public_clients_that_say_the_same_are_one_and_those_with_a_secret_never() {
    let app = App::new();
    let both = ["http://127.0.0.1:5000/cb", "https://client.example/cb"];
    let register = async |change: Value| {
        let mut metadata = metadata(&both, "none");
        metadata.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        app.register(&metadata).await.json()
    };
    let first = register(json!({})).await;
    app.advance(10);
    let ported = json!(["https://client.example/cb", "http://127.0.0.1:6000/cb"]);
    let alike = [json!({}), json!({ "scope": "todos.write" }), json!({ "redirect_uris": ported })];
    for change in alike {
        let again = register(change.clone()).await;
        assert_eq!(again["client_id"], first["client_id"], "{change}");
        assert_eq!(again["client_id_issued_at"], START);
        let asked = change.get("redirect_uris").cloned().unwrap_or(json!(both));
        assert_eq!(again["redirect_uris"], asked, "the answer says what was asked");
    }
    let mut ids = vec![first["client_id"].clone()];
    for other in [
        json!({ "client_name": "Test Client" }),
        json!({ "client_name": null }),
        json!({ "grant_types": ["authorization_code"] }),
        json!({ "redirect_uris": ["http://127.0.0.1:5000/cb"] }),
        json!({ "redirect_uris": ["http://localhost:5000/cb", "https://client.example/cb"] }),
        json!({ "redirect_uris": ["http://127.0.0.1:5000/cb", "https://client.example:444/cb"] }),
        json!({ "token_endpoint_auth_method": "client_secret_basic" }),
        json!({ "token_endpoint_auth_method": "client_secret_basic" }),
    ] {
        let id = register(other.clone()).await["client_id"].clone();
        assert!(!ids.contains(&id), "{other}");
        ids.push(id);
    }
}

#[tokio::test]
async fn a_registration_that_nobody_uses_is_gone_after_an_hour_and_one_that_is_used_stays() {
    let app = App::new();
    let (unused, used) = (app.public_client().await, app.another_client().await);
    let tokens = app.tokens(&used, &[]).await;
    app.advance(3599);
    assert_eq!(app.get(&authorize_url(&unused, &[])).await.status, StatusCode::OK);
    app.advance(1);
    assert_eq!(app.get(&authorize_url(&unused, &[])).await.status, StatusCode::BAD_REQUEST);
    app.advance(10 * 24 * 3600);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &*used),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(app.token(&refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn p04_redirect_uris_that_run_leak_or_are_too_many_are_refused() {
    let app = App::new();
    let many: Vec<_> = (0..1000).map(|n| format!("http://127.0.0.1/{n}")).collect();
    let cases = [
        json!(["javascript:alert(1)"]),
        json!(["data:text/html,x"]),
        json!(["file:///etc/passwd"]),
        json!(["http://evil.example/cb"]),
        json!(["https://client.example/cb#f"]),
        json!([REDIRECT, "http://evil.example/cb"]),
        json!([]),
        json!(many),
    ];
    for redirect_uris in cases {
        let answer = app.register(&json!({ "redirect_uris": redirect_uris })).await;
        answer.assert_error(400, "invalid_redirect_uri");
    }
    app.register(&json!({ "client_name": "none" })).await.assert_error(400, "invalid_redirect_uri");
}

#[tokio::test]
async fn metadata_we_cannot_honour_is_refused() {
    let app = App::new();
    for change in [
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "grant_types": ["client_credentials"] }),
        json!({ "grant_types": [] }),
        json!({ "response_types": ["token"] }),
        json!({ "redirect_uris": "http://127.0.0.1/cb" }),
        json!({ "client_name": 5 }),
    ] {
        let mut metadata = metadata(&[REDIRECT], "none");
        metadata.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        app.register(&metadata).await.assert_error(400, "invalid_client_metadata");
    }
    for (content_type, body) in [("text/plain", "{}"), ("application/json", "{"), ("application/json", "[]")]
    {
        let request = Request::post("/register").header("content-type", content_type);
        let answer = app.send(request.body(Body::from(body)).unwrap()).await;
        answer.assert_error(400, "invalid_client_metadata");
    }
    let twice = r#"{"redirect_uris":["http://127.0.0.1/cb"],"redirect_uris":["http://127.0.0.1/x"]}"#;
    let request = Request::post("/register").header("content-type", "application/json");
    app.send(request.body(Body::from(twice)).unwrap()).await.assert_error(400, "invalid_client_metadata");
}

#[tokio::test]
async fn strangers_cannot_register_for_client_credentials() {
    let app = App::new();
    let mut metadata = metadata(&[REDIRECT], "client_secret_post");
    metadata["grant_types"] = json!(["authorization_code", "client_credentials"]);
    let document = app.register(&metadata).await.json();
    assert_eq!(document["grant_types"], json!(["authorization_code"]), "the answer says what was registered");
    let (id, secret) = (document["client_id"].as_str().unwrap(), document["client_secret"].as_str().unwrap());
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    app.token(&form).await.assert_error(400, "unauthorized_client");
}

#[tokio::test]
async fn p28_flood_gets_429_big_bodies_413_and_used_clients_stay() {
    let store = Store::memory(Caps { clients: 5, ..Caps::default() });
    let app = App::on(store, |_| (), |o| o.registrations_per_minute = 20);
    let kept = app.public_client().await;
    app.tokens(&kept, &[]).await;
    for n in 0..19 {
        let mut flood = metadata(&[REDIRECT], "none");
        flood["client_name"] = json!(format!("flood {n}"));
        assert_eq!(app.register(&flood).await.status, StatusCode::CREATED);
    }
    let mut another = metadata(&[REDIRECT], "none");
    another["client_name"] = json!("one more");
    let answer = app.register(&another).await;
    answer.assert_error(429, "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), "3", "twenty a minute are one in three seconds");
    let again = app.register(&metadata(&[REDIRECT], "none")).await;
    assert_eq!(again.status, StatusCode::CREATED, "one that was there before the flood");
    assert_eq!(again.json()["client_id"], *kept);
    assert_eq!(app.get(&authorize_url(&kept, &[])).await.status, StatusCode::OK);

    app.advance(60);
    let big = json!({ "client_name": "x".repeat(1 << 20), "redirect_uris": [REDIRECT] });
    app.register(&big).await.assert_error(413, "invalid_client_metadata");
}

/// Public clients that say the same are one, so to register again brings nothing new into the store.
#[tokio::test]
async fn p45_a_flood_of_registrations_shuts_out_no_client_that_was_there_before_and_no_holder_of_a_token() {
    let app = App::with(
        |_| (),
        |options| {
            options.registrations_per_minute = 3;
            let (name, hash) = ("ci".to_owned(), SecretHash::of("a-token-of-enough-characters"));
            options.registration.initial_access_tokens = vec![InitialAccessToken { name, hash }];
        },
    );
    let known = app.public_client().await;
    until_refused(&app).await;
    for _ in 0..10 {
        let again = app.register(&metadata(&[REDIRECT], "none")).await;
        assert_eq!((again.status, &again.json()["client_id"]), (StatusCode::CREATED, &json!(known)));
    }
    let mut other = metadata(&[REDIRECT], "none");
    other["client_name"] = json!("Another one");
    app.register(&other).await.assert_error(429, "temporarily_unavailable");
    let request = Request::post("/register")
        .header("content-type", "application/json")
        .header("authorization", "Bearer a-token-of-enough-characters");
    let with_token = app.send(request.body(Body::from(other.to_string())).unwrap()).await;
    assert_eq!(with_token.status, StatusCode::CREATED, "{}", with_token.body);
}

/// Registers others, as often as the answer is 201; the `Retry-After` of the 429 that ends it.
async fn until_refused(app: &App) -> (usize, String) {
    let mut registered = 0;
    loop {
        // One that authenticates is new each time.
        let answer = app.register(&metadata(&[REDIRECT], "client_secret_post")).await;
        if answer.status == StatusCode::CREATED {
            registered += 1;
            continue;
        }
        answer.assert_error(429, "temporarily_unavailable");
        return (registered, answer.header("retry-after").to_owned());
    }
}

#[tokio::test]
async fn registrations_are_let_in_evenly_and_not_by_the_minute_of_the_clock() {
    let app = App::with(|_| (), |o| o.registrations_per_minute = 7);
    app.advance(59);
    assert_eq!(until_refused(&app).await, (7, "9".into()), "a minute in seven parts, rounded up to seconds");
    app.advance(1);
    assert_eq!(until_refused(&app).await, (0, "8".into()), "the clock's next minute brings nothing");
    app.advance(7);
    assert_eq!(until_refused(&app).await, (0, "1".into()));
    app.advance(1);
    assert_eq!(
        until_refused(&app).await,
        (1, "9".into()),
        "a client that waits as long as it was told can register"
    );
    app.advance(60);
    assert_eq!(until_refused(&app).await, (7, "9".into()));
}

#[tokio::test]
async fn long_names_are_cut() {
    let mut long = metadata(&[REDIRECT], "none");
    long["client_name"] = Value::String("é".repeat(10_000));
    let document = App::new().register(&long).await.json();
    assert_eq!(document["client_name"].as_str().unwrap().chars().count(), 200);
}
