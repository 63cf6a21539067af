//! Two issuers on one store, as two processes behind one balancer are: what one has begun the other goes on with, for
//! the same browser only; and what they count they count together.

use http::StatusCode;
use mcp_auth_issuer::{IssuerOptions, KeySource, SigningKey};

use crate::fresh::fresh_store;
use crate::harness::*;

/// Two issuers on one store, with one signing key.
fn replicas() -> (App, App) {
    replicas_with(|_| ())
}

fn replicas_with(options: impl Fn(&mut IssuerOptions)) -> (App, App) {
    let (store, key) = (fresh_store(), SigningKey::generate().unwrap());
    let change = |changed: &mut IssuerOptions| {
        changed.signing_key = KeySource::Given(key.clone());
        options(changed);
    };
    let start = || App::on(store.clone(), |_| (), change);
    (start(), start())
}

#[tokio::test]
async fn a_login_whose_requests_two_processes_answer_in_turn_ends_with_tokens() {
    let (first, second) = replicas();
    let client = first.public_client().await;
    let mut browser = Browser::new(&second);
    let login = browser.get(&authorize_url(&client, &[])).await;
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "developer")];
    let mut browser = browser.at(&first);
    let back = browser.post(&form_action(&login), &form).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let mut browser = browser.at(&second);
    let consent = browser.get(back.header("location")).await;
    let mut browser = browser.at(&first);
    let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
    let tokens = second.token(&redeem(&client, &code)).await.json();
    let refresh = tokens["refresh_token"].as_str().expect("a refresh token");
    let form = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", refresh)];
    let tokens = first.token(&form).await.json();
    assert_eq!(second.claims(tokens["access_token"].as_str().unwrap())["sub"], "developer");
    first.token(&redeem(&client, &code)).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_page_that_one_process_showed_counts_in_another_for_its_own_browser_only() {
    let (first, second) = replicas();
    let client = first.public_client().await;
    let url = authorize_url(&client, &[]);
    let mut browser = Browser::new(&first);
    let consent = browser.log_in(&url).await;
    let mut stranger = Browser::new(&second);
    stranger.log_in(&url).await;
    stranger.submit(&consent, "allow").await.assert_local_error(403);
    assert!(browser.at(&second).submit(&consent, "allow").await.param("code").is_some());
    browser.submit(&consent, "allow").await.assert_local_error(403);
}

#[tokio::test]
async fn two_processes_share_the_limit_on_registrations_and_another_server_has_its_own() {
    let limit = |options: &mut IssuerOptions| options.registrations_per_minute = 3;
    let (first, second) = replicas_with(limit);
    // One that authenticates is new each time.
    let register = async |app: &App| app.register(&metadata(&[REDIRECT], "client_secret_post")).await;
    for app in [&first, &second, &first] {
        assert_eq!(register(app).await.status, StatusCode::CREATED);
    }
    for app in [&first, &second] {
        register(app).await.assert_error(429, "temporarily_unavailable");
    }
    assert_eq!(register(&App::with(|_| (), limit)).await.status, StatusCode::CREATED);
    second.advance(20);
    assert_eq!(register(&second).await.status, StatusCode::CREATED);
    for app in [&first, &second] {
        register(app).await.assert_error(429, "temporarily_unavailable");
    }
}
