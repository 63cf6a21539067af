//! A complete client flow: discover, register, log in, consent, token, refresh, step up.

use std::sync::{Arc, Mutex};

use http::StatusCode;

use crate::harness::*;

#[tokio::test]
async fn client_gets_an_rfc_9068_token_for_what_the_user_allowed() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent =
        browser.log_in(&authorize_url(&client, &[("scope", "todos.read todos.write offline_access")])).await;
    let back = browser.submit(&consent, "allow").await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    assert!(back.header("location").starts_with(&format!("{REDIRECT}?code=")));
    assert_eq!(back.param("state").as_deref(), Some("the state"));
    assert_eq!(back.param("iss").as_deref(), Some(ISSUER));

    let answer = app.token(&redeem(&client, &back.param("code").unwrap())).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &900.into()));
    assert_eq!(tokens["scope"], "todos.read todos.write");

    let token = tokens["access_token"].as_str().unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let mut claims = app.claims(token);
    assert!(claims["jti"].take().as_str().unwrap().len() >= 22);
    assert!(claims["grant_id"].take().as_str().unwrap().len() >= 22);
    let expected = serde_json::json!({
        "iss": ISSUER, "sub": "developer", "aud": RESOURCE, "client_id": client,
        "scope": "todos.read todos.write", "iat": START, "exp": START + 900, "jti": null, "grant_id": null,
        "auth_time": START,
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn step_up_goes_beyond_the_registered_scope_and_marks_what_is_new() {
    let app = App::new();
    let client = app.public_client().await;
    app.tokens(&client, &[("scope", "todos.read")]).await;

    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[("scope", "todos.read todos.write")])).await;
    let (new, held) = consent.body.split_once("You allowed it before to").unwrap();
    assert!(new.contains("todos.write</code> <span class=\"badge new\">new"), "{new}");
    assert!(!new.contains("todos.read</code>") && !held.contains("todos.write</code>"), "{held}");
    assert!(held.contains("todos.read</code> <span class=\"badge\">allowed before"), "{held}");
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let tokens = app.token(&redeem(&client, &code)).await.json();
    assert_eq!(tokens["scope"], "todos.read todos.write");
}

#[tokio::test]
async fn tokens_outlive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let start =
        || App::with(|_| (), |o| o.signing_key = mcp_auth_issuer::KeySource::StateDir(dir.path().into()));
    let (before, after) = (start(), start());
    let tokens = before.tokens(&before.public_client().await, &[]).await;
    assert_eq!(after.claims(tokens["access_token"].as_str().unwrap())["sub"], "developer");
    let kid = async |app: &App| app.get("/jwks").await.json()["keys"][0]["kid"].clone();
    assert_eq!(kid(&before).await, kid(&after).await);
    assert_ne!(kid(&App::new()).await, kid(&App::new()).await, "an ephemeral key ends with its process");
}

#[tokio::test]
async fn b18_browser_clients_reach_every_endpoint_but_authorize() {
    use axum::body::Body;
    use http::Request;
    let app = App::new();
    for (method, path) in [
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/jwks"),
        ("POST", "/register"),
        ("POST", "/par"),
        ("POST", "/token"),
        ("POST", "/revoke"),
    ] {
        let preflight = Request::options(path)
            .header("origin", "https://client.example")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "authorization, content-type, mcp-protocol-version");
        let answer = app.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("access-control-allow-methods"), method, "{path}");
        assert!(answer.header("access-control-allow-headers").contains("mcp-protocol-version"), "{path}");
        let request = Request::builder().method(method).uri(path).header("origin", "https://client.example");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}, errors too");
        assert_eq!(answer.header("access-control-expose-headers"), "retry-after", "{path}");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"), "{path}");
    }
    let client = app.public_client().await;
    for method in ["GET", "POST", "OPTIONS"] {
        let request = Request::builder().method(method).uri(authorize_url(&client, &[]));
        let request = request.header("origin", "https://client.example");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{method}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn c19_operator_sees_what_happens_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let app = App::new();
    let document = app.register(&metadata(&[REDIRECT], "client_secret_post")).await.json();
    let (id, secret) = (document["client_id"].as_str().unwrap(), document["client_secret"].as_str().unwrap());
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(id, &[("state", "a-state-of-the-client")])).await;
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let mut form = redeem(id, &code);
    form.push(("client_secret", secret));
    let tokens = app.token(&form).await.json();
    app.token(&form).await.assert_error(400, "invalid_grant");
    let (access, refresh) = (&tokens["access_token"], &tokens["refresh_token"]);
    let dead = [
        ("grant_type", "refresh_token"),
        ("client_id", id),
        ("client_secret", secret),
        ("refresh_token", refresh.as_str().unwrap()),
    ];
    app.token(&dead).await.assert_error(400, "invalid_grant");
    app.token(&changed(&dead, ("client_secret", "a-wrong-secret"))).await.assert_error(401, "invalid_client");

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for line in [
        "built-in issuer ready",
        "event=\"client_registered\"",
        "event=\"login_succeeded\"",
        "event=\"access_allowed\"",
        "event=\"token_issued\"",
        "event=\"token_refused\"",
        "the code was used before",
        "client_secret is wrong",
    ] {
        assert!(log.contains(line), "{line} in {log}");
    }
    let session = browser.cookies.0.values().next().unwrap();
    for hidden in [
        secret,
        &code,
        access.as_str().unwrap(),
        refresh.as_str().unwrap(),
        session,
        &csrf(&consent),
        VERIFIER,
        "a-wrong-secret",
        "a-state-of-the-client",
    ] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[tokio::test]
async fn tokens_of_a_user_and_of_a_client_say_what_the_configuration_says_of_each() {
    let claims = |text: &str| serde_json::from_str(text).unwrap();
    let app = App::with(
        |_| (),
        |options| {
            options.claims = [
                ("developer".to_owned(), claims(r#"{"urn:mcp-auth:roles": ["manager"], "team": {"id": 7}}"#)),
                ("nightly job".to_owned(), claims(r#"{"team": "robots"}"#)),
            ]
            .into();
        },
    );
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[("scope", "todos.read offline_access")]).await;
    let refreshed = app
        .token(&[
            ("grant_type", "refresh_token"),
            ("client_id", &client),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ])
        .await
        .json();
    for tokens in [&tokens, &refreshed] {
        let said = app.claims(tokens["access_token"].as_str().unwrap());
        assert_eq!(said["urn:mcp-auth:roles"], serde_json::json!(["manager"]));
        assert_eq!((&said["team"]["id"], &said["sub"]), (&7.into(), &"developer".into()));
    }
    let secret = ("client_secret", "s3cret: with %+ in it");
    let form = [("grant_type", "client_credentials"), ("client_id", "nightly job"), secret];
    let machine = app.token(&form).await.json();
    let said = app.claims(machine["access_token"].as_str().unwrap());
    assert_eq!((&said["team"], said.get("urn:mcp-auth:roles")), (&"robots".into(), None));
}

#[tokio::test]
async fn a_client_that_names_an_age_gets_a_login_of_that_age_and_every_token_says_when_it_was() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    browser.log_in(&authorize_url(&client, &[])).await;
    let asks_who = |answer: &Answer| answer.body.contains("name=\"user\"");
    app.advance(400);
    for (more, is_asked) in [
        (&[][..], false),
        (&[("max_age", "400")], false),
        (&[("max_age", "399")], true),
        (&[("max_age", "0")], true),
        (&[("prompt", "login")], true),
        (&[("prompt", "consent")], false),
    ] {
        let page = browser.get(&authorize_url(&client, more)).await;
        assert_eq!(asks_who(&page), is_asked, "{more:?}");
    }

    // Who logs in for the request is not asked again, however long the next page is looked at.
    let asked = authorize_url(&client, &[("max_age", "0"), ("prompt", "login")]);
    let consent = browser.log_in(&asked).await;
    app.advance(60);
    let back = browser.submit(&consent, "allow").await;
    let tokens = app.token(&redeem(&client, &back.param("code").unwrap())).await.json();
    let auth_time = |tokens: &serde_json::Value| {
        app.claims(tokens["access_token"].as_str().unwrap())["auth_time"].as_u64()
    };
    assert_eq!(auth_time(&tokens), Some(START + 400));
    app.advance(100);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &*client),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(auth_time(&app.token(&refresh).await.json()), Some(START + 400), "unchanged by a refresh");
}

/// The same URL may be opened again hours later: by the client, or by who took it from the history of the browser.
#[tokio::test]
async fn a_new_login_for_a_request_counts_until_it_is_answered_and_not_for_the_same_url_later() {
    let asks_who = |answer: &Answer| answer.body.contains("name=\"user\"");
    for more in [("prompt", "login"), ("max_age", "0"), ("max_age", "60")] {
        for decision in ["allow", "deny"] {
            let app = App::new();
            // One that nobody allowed anything would be gone after an hour.
            let client = app.allowed_client().await;
            let mut browser = Browser::new(&app);
            let asked = authorize_url(&client, &[more]);
            let consent = browser.log_in(&asked).await;
            app.advance(30 * 60);
            assert!(!asks_who(&browser.get(&asked).await), "{more:?}: its page can be loaded again");
            let back = browser.submit(&consent, decision).await;
            assert_eq!(back.param("code").is_some(), decision == "allow", "{more:?}: {}", back.body);
            assert!(asks_who(&browser.get(&asked).await), "{more:?} {decision}: it was answered");
            let others = browser.get(&authorize_url(&client, &[])).await;
            assert!(!asks_who(&others), "{more:?} {decision}: the login itself goes on");

            browser.log_in(&asked).await;
            app.advance(30 * 60 + 1);
            assert!(
                asks_who(&browser.get(&asked).await),
                "{more:?} {decision}: it was left open for too long"
            );
        }
    }
}

#[tokio::test]
async fn a_form_of_an_older_login_does_not_allow_what_asks_for_a_new_one() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let asked = authorize_url(&client, &[("max_age", "300")]);
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    app.advance(200);
    let young = browser.get(&asked).await;
    app.advance(200);
    // The page was shown while the login was young enough.
    let late = browser.submit(&young, "allow").await;
    assert_ne!(late.status, StatusCode::SEE_OTHER, "{}", late.body);
    assert!(late.body.contains("name=\"user\""), "{}", late.body);
    assert_eq!(browser.submit(&consent, "allow").await.status, StatusCode::SEE_OTHER, "it asks for none");
}

#[tokio::test]
async fn an_age_that_is_no_number_and_none_beside_another_prompt_are_refused() {
    let app = App::new();
    let client = app.allowed_client().await;
    for (more, why) in [
        (&[("max_age", "5m")][..], "max_age must be a whole number of seconds"),
        (&[("max_age", "-1")], "max_age must be a whole number of seconds"),
        (&[("prompt", "none login")], "prompt must have no other value beside none"),
    ] {
        let refused = app.get(&authorize_url(&client, more)).await;
        assert_eq!(refused.param("error").as_deref(), Some("invalid_request"), "{more:?}: {}", refused.body);
        assert!(refused.param("error_description").unwrap_or_default().contains(why), "{more:?}");
    }
    let mut browser = Browser::new(&app);
    browser.log_in(&authorize_url(&client, &[])).await;
    app.advance(10);
    let unseen = browser.get(&authorize_url(&client, &[("prompt", "none"), ("max_age", "5")])).await;
    assert_eq!(unseen.param("error").as_deref(), Some("login_required"), "{}", unseen.body);
}
