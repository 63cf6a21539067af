//! The authorization code grant.

use axum::body::Body;
use http::{Request, StatusCode};

use crate::harness::*;

#[tokio::test]
async fn p18_b06_replay_by_the_rightful_client_kills_the_refresh_token() {
    let app = App::new();
    let client = app.public_client().await;
    let code = app.code(&client, &[]).await;
    let form = redeem(&client, &code);
    let tokens = app.token(&form).await.json();
    app.token(&form).await.assert_error(400, "invalid_grant");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", refresh)];
    app.token(&form).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn p18_replay_with_a_wrong_verifier_kills_nothing() {
    let app = App::new();
    let client = app.public_client().await;
    let code = app.code(&client, &[]).await;
    let form = redeem(&client, &code);
    let tokens = app.token(&form).await.json();
    let wrong = "x".repeat(43);
    app.token(&changed(&form, ("code_verifier", &wrong))).await.assert_error(400, "invalid_grant");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", refresh)];
    assert_eq!(app.token(&form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn p19_code_is_bound_to_client_verifier_redirect_uri_and_resource_and_survives_each_mistake() {
    let app = App::new();
    let (client, other) = (app.public_client().await, app.another_client().await);
    let code = app.code(&client, &[]).await;
    let form = redeem(&client, &code);
    let (short, long, wrong) = ("x".repeat(42), "x".repeat(129), "x".repeat(43));
    for change in [
        ("client_id", &*other),
        ("code_verifier", ""),
        ("code_verifier", &short),
        ("code_verifier", &long),
        ("code_verifier", &wrong),
        ("code_verifier", &challenge()),
        ("redirect_uri", "http://127.0.0.1:33419/callback"),
        ("redirect_uri", "http://127.0.0.1:33418/callback/"),
        ("code", "unknown"),
    ] {
        app.token(&changed(&form, change)).await.assert_error(400, "invalid_grant");
    }
    app.token(&changed(&form, ("resource", "http://other/mcp"))).await.assert_error(400, "invalid_target");
    app.token(&changed(&form, ("code", ""))).await.assert_error(400, "invalid_request");
    assert_eq!(app.token(&form).await.status, StatusCode::OK, "none of these used it up");
}

/// RFC 6749 §5.2 allows it: a developer sees which of their own values is wrong, and nobody sees whether a code of another client exists.
#[tokio::test]
async fn a_client_is_told_what_is_wrong_with_its_own_code_and_nothing_of_those_of_others() {
    let app = App::new();
    let (client, other) = (app.public_client().await, app.another_client().await);
    let code = app.code(&client, &[]).await;
    let form = redeem(&client, &code);
    let wrong = "x".repeat(43);
    let told = async |change: (&str, &str)| {
        let refused = app.token(&changed(&form, change)).await;
        refused.assert_error(400, "invalid_grant");
        refused.json()["error_description"].as_str().unwrap().to_owned()
    };
    for (change, named) in [
        (("code_verifier", ""), "code_verifier"),
        (("code_verifier", &*wrong), "code_verifier"),
        (("redirect_uri", "http://127.0.0.1:33419/callback"), "redirect_uri"),
    ] {
        assert!(told(change).await.starts_with(named), "{change:?}");
    }
    assert_eq!(told(("client_id", &*other)).await, told(("code", "unknown")).await);
    app.advance(60);
    assert!(told(("code", &*code)).await.contains("expired"), "its own");
}

#[tokio::test]
async fn oauth_21_clients_send_neither_redirect_uri_nor_must_they_the_resource() {
    let app = App::new();
    let client = app.public_client().await;
    let code = app.code(&client, &[]).await;
    let form = changed(&redeem(&client, &code), ("redirect_uri", ""));
    let tokens = app.token(&changed(&form, ("resource", ""))).await.json();
    assert_eq!(app.claims(tokens["access_token"].as_str().unwrap())["aud"], RESOURCE);
}

#[tokio::test]
async fn p20_code_lives_a_minute() {
    let app = App::new();
    let client = app.public_client().await;
    let (early, late) = (app.code(&client, &[]).await, app.code(&client, &[]).await);
    app.advance(59);
    assert_eq!(app.token(&redeem(&client, &early)).await.status, StatusCode::OK);
    app.advance(1);
    app.token(&redeem(&client, &late)).await.assert_error(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b06_of_a_hundred_parallel_redemptions_one_succeeds() {
    let app = App::new();
    let client = app.public_client().await;
    let code = app.code(&client, &[]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (app, client, code) = (app.clone(), client.clone(), code.clone());
        tasks.spawn(async move { app.token(&redeem(&client, &code)).await.status });
    }
    let successes = tasks.join_all().await.into_iter().filter(|status| *status == StatusCode::OK).count();
    assert_eq!(successes, 1);
}

#[tokio::test]
async fn client_that_registered_without_refresh_gets_no_refresh_token() {
    let app = App::new();
    let mut metadata = metadata(&[REDIRECT], "none");
    metadata["grant_types"] = serde_json::json!(["authorization_code"]);
    let client = app.register(&metadata).await.json()["client_id"].as_str().unwrap().to_owned();
    assert!(app.tokens(&client, &[]).await.get("refresh_token").is_none());
}

#[tokio::test]
async fn server_without_scopes_issues_tokens_without_scope() {
    let app = App::with(
        |s| {
            s.scopes.clear();
            s.default_scopes = Default::default();
        },
        |o| o.clients.clear(),
    );
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[("scope", "")]).await;
    assert!(tokens.get("scope").is_none());
    assert!(app.claims(tokens["access_token"].as_str().unwrap()).get("scope").is_none());
}

#[tokio::test]
async fn b17_token_requests_are_one_form_without_repetition() {
    let app = App::new();
    let client = app.public_client().await;
    let code = app.code(&client, &[]).await;
    let form = encode(&redeem(&client, &code));
    let send = |content_type: Option<&str>, body: String| {
        let mut request = Request::post("/token");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let (app, request) = (app.clone(), request.body(Body::from(body)).unwrap());
        async move { app.send(request).await }
    };
    let is_form = Some("application/x-www-form-urlencoded; charset=UTF-8");
    for name in ["grant_type", "code", "client_id", "code_verifier", "redirect_uri", "unheard=1&unheard"] {
        send(is_form, format!("{form}&{name}=x")).await.assert_error(400, "invalid_request");
    }
    send(is_form, format!("{form}&resource={RESOURCE}")).await.assert_error(400, "invalid_target");
    for other in [None, Some("application/json"), Some("multipart/form-data"), Some("text/plain")] {
        send(other, form.clone()).await.assert_error(400, "invalid_request");
    }
    send(is_form, format!("{form}&x={}", "y".repeat(16 * 1024))).await.assert_error(413, "invalid_request");
    send(is_form, format!("{form}&x=%ff")).await.assert_error(400, "invalid_request");
    let query =
        Request::post(format!("/token?{form}")).header("content-type", "application/x-www-form-urlencoded");
    app.send(query.body(Body::empty()).unwrap()).await.assert_error(401, "invalid_client");
    assert_eq!(send(is_form, form).await.status, StatusCode::OK, "none of these used the code up");
}

#[tokio::test]
async fn grant_type_must_be_a_supported_one() {
    let app = App::new();
    let client = app.public_client().await;
    app.token(&[("client_id", &client)]).await.assert_error(400, "invalid_request");
    for grant in ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code"] {
        let form = [("client_id", &*client), ("grant_type", grant)];
        app.token(&form).await.assert_error(400, "unsupported_grant_type");
    }
    assert_eq!(app.get("/token").await.status, StatusCode::METHOD_NOT_ALLOWED);
}
