//! A store that is down: requests that need it get 503 and no grant, and a failed step changes nothing.

use http::StatusCode;
use mcp_auth_store::Outage;
use serde_json::Value;

use crate::fresh::fresh_outage;
use crate::harness::*;

fn app() -> (App, Outage) {
    let outage = fresh_outage();
    (App::on(outage.store(), |_| (), |_| ()), outage)
}

/// Checks for 503 with neither a token nor a redirect.
#[track_caller]
fn is_our_trouble(answer: &Answer) {
    answer.assert_error(503, "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), "30");
    holds_no_cause(answer);
}

#[track_caller]
fn is_our_trouble_on_a_page(answer: &Answer) {
    answer.assert_local_error(503);
    assert_eq!(answer.header("retry-after"), "30");
    holds_no_cause(answer);
}

#[track_caller]
fn holds_no_cause(answer: &Answer) {
    assert!(!answer.body.contains(Outage::CAUSE), "{}", answer.body);
    assert!(!answer.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_client_registers_unless_the_store_is_down() {
    let (app, outage) = app();
    outage.begin();
    is_our_trouble(&app.register(&metadata(&[REDIRECT], "none")).await);
    outage.end();
    assert_eq!(app.register(&metadata(&[REDIRECT], "none")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_limit_on_registrations_neither_opens_nor_counts_while_the_store_is_down() {
    let outage = fresh_outage();
    let app = App::on(outage.store(), |_| (), |o| o.registrations_per_minute = 2);
    // One that authenticates is new each time.
    let register = async || app.register(&metadata(&[REDIRECT], "client_secret_post")).await;
    assert_eq!(register().await.status, StatusCode::CREATED);
    outage.begin();
    for _ in 0..5 {
        is_our_trouble(&register().await);
    }
    outage.end();
    assert_eq!(register().await.status, StatusCode::CREATED);
    register().await.assert_error(429, "temporarily_unavailable");
}

#[tokio::test]
async fn p33_a_code_is_not_used_up_by_an_exchange_that_failed() {
    let (app, outage) = app();
    let client = app.public_client().await;
    let code = app.code(&client, &[]).await;
    outage.begin();
    is_our_trouble(&app.token(&redeem(&client, &code)).await);
    outage.end();
    assert_eq!(app.token(&redeem(&client, &code)).await.status, StatusCode::OK);
    app.token(&redeem(&client, &code)).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_is_neither_used_up_nor_killed_by_a_request_that_failed() {
    let (app, outage) = app();
    let client = app.public_client().await;
    let token = app.tokens(&client, &[]).await["refresh_token"].as_str().unwrap().to_owned();
    let form = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", &*token)];
    outage.begin();
    is_our_trouble(&app.token(&form).await);
    is_our_trouble(&app.post_form("/revoke", &[("client_id", &*client), ("token", &*token)]).await);
    outage.end();
    assert_eq!(app.token(&form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_client_is_not_called_invalid_while_the_store_is_down() {
    let (app, outage) = app();
    app.token(&redeem("nobody", "x")).await.assert_error(401, "invalid_client");
    outage.begin();
    is_our_trouble(&app.token(&redeem("nobody", "x")).await);
}

#[tokio::test]
async fn no_login_and_no_consent_succeeds_while_the_store_is_down() {
    let (app, outage) = app();
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    let mut browser = Browser::new(&app);
    let login = browser.get(&url).await;
    outage.begin();
    is_our_trouble_on_a_page(&browser.get(&url).await);
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "developer")];
    is_our_trouble_on_a_page(&browser.post(&form_action(&login), &form).await);
    outage.end();

    let consent = browser.log_in(&url).await;
    outage.begin();
    for decision in ["allow", "deny", "logout"] {
        is_our_trouble_on_a_page(&browser.submit(&consent, decision).await);
    }
    outage.end();
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
}

#[tokio::test]
async fn what_needs_no_store_is_answered_while_it_is_down() {
    let (app, outage) = app();
    outage.begin();
    for path in ["/.well-known/oauth-authorization-server", "/jwks"] {
        assert_eq!(app.get(path).await.status, StatusCode::OK, "{path}");
    }
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "nightly job"),
        ("client_secret", "s3cret: with %+ in it"),
    ];
    let answer = app.token(&form).await;
    assert_eq!(answer.status, StatusCode::OK, "a client of the configuration: {}", answer.body);
    assert!(matches!(&answer.json()["access_token"], Value::String(_)));
}

#[tokio::test]
async fn a_call_is_neither_shown_nor_answered_while_the_store_is_down() {
    use mcp_auth_store::{Confirmation, SecretHash, Taken};
    let (app, outage) = app();
    let id = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let call = Confirmation {
        subject: "developer".into(),
        client_id: None,
        tool: "delete".into(),
        connects: None,
        arguments: "{}".into(),
        expires_at: START + 600,
    };
    outage.store().confirmations().ask(SecretHash::of(id), call, START).await.unwrap();
    let url = format!("/authorize/confirm?id={id}");
    let mut browser = Browser::new(&app);
    let page = browser.log_in(&url).await;
    outage.begin();
    for answer in [browser.get(&url).await, browser.submit(&page, "allow").await] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
        assert_eq!(answer.header("retry-after"), "30");
        holds_no_cause(&answer);
    }
    outage.end();
    let taken = outage.store().confirmations().take(SecretHash::of(id), START).await.unwrap();
    assert_eq!(taken, Taken::Waiting);
}
