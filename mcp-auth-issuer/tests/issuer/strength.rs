//! What a client asks of the login, and what tokens say of it: `acr_values`, `login_hint`, `ui_locales`; `acr`, `amr`.

use std::sync::{Arc, Mutex};

use http::StatusCode;
use mcp_auth_issuer::maud::html;
use mcp_auth_issuer::{Attempt, Form, KnownFuture, Login, LoginFuture, Params, Step, User};
use serde_json::json;

use crate::harness::*;

/// A login of which the form says how strong it was, and which remembers what it was asked for.
#[derive(Clone, Default)]
pub(crate) struct Graded {
    asked: Arc<Mutex<Vec<[Option<String>; 3]>>>,
}

impl Login for Graded {
    fn begin<'a>(&'a self, attempt: &'a Attempt<'a>) -> LoginFuture<'a> {
        let asked = attempt.asked;
        let asked =
            [asked.login_hint, asked.acr_values, asked.ui_locales].map(|text| text.map(str::to_owned));
        self.asked.lock().unwrap().push(asked);
        let controls = html! { button name="user" value="developer" { "Log in" } };
        Box::pin(async move { Ok(Step::Ask(Form { controls, found: None })) })
    }

    fn finish<'a>(&'a self, _: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        let acr = answer.get("acr").map(str::to_owned);
        let amr = if acr.as_deref() == Some("mfa") { &["pwd", "otp"][..] } else { &["pwd"] };
        let amr = amr.iter().map(|means| (*means).to_owned()).collect();
        Box::pin(async move { Ok(Step::Done(User { acr, amr, ..User::new("developer") })) })
    }

    fn knows<'a>(&'a self, _: &'a str) -> KnownFuture<'a> {
        Box::pin(async { Ok(true) })
    }

    fn acr_values_supported(&self) -> Vec<String> {
        ["pwd", "mfa"].map(str::to_owned).into()
    }
}

/// Logs in for `url` on the page that asks for it, as strongly as `acr` says; what the next page is.
pub(crate) async fn log_in(browser: &mut Browser, url: &str, acr: &str) -> Answer {
    let login = browser.get(url).await;
    assert!(login.body.contains("name=\"user\""), "{}", login.body);
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "developer"), ("acr", acr)];
    let back = browser.post(&form_action(&login), &form).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    browser.get(back.header("location")).await
}

#[tokio::test]
async fn tokens_say_how_strong_the_login_was_unchanged_by_refresh() {
    let app = App::with_login(Graded::default(), |_| ());
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[("acr_values", "mfa")]);
    let consent = log_in(&mut browser, &url, "mfa").await;
    app.advance(30);
    let back = browser.submit(&consent, "allow").await;
    let tokens = app.token(&redeem(&client, &back.param("code").unwrap())).await.json();
    app.advance(600);
    // A weaker login at the same browser changes nothing of what was allowed before.
    log_in(&mut browser, &authorize_url(&client, &[("prompt", "login")]), "pwd").await;
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &*client),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let refreshed = app.token(&refresh).await.json();
    for tokens in [&tokens, &refreshed] {
        let said = app.claims(tokens["access_token"].as_str().unwrap());
        assert_eq!(said["acr"], "mfa");
        assert_eq!(said["amr"], json!(["pwd", "otp"]));
        assert_eq!(said["auth_time"], START);
    }
}

#[tokio::test]
async fn a_login_that_is_too_weak_is_asked_for_again_and_one_that_will_do_is_not() {
    let app = App::with_login(Graded::default(), |_| ());
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    log_in(&mut browser, &authorize_url(&client, &[]), "pwd").await;
    for (acr_values, is_asked) in [
        ("pwd", false),
        ("mfa pwd", false),
        ("mfa", true),
        ("urn:nobody:knows mfa", true),
        ("urn:nobody:knows", false),
    ] {
        let page = browser.get(&authorize_url(&client, &[("acr_values", acr_values)])).await;
        assert_eq!(page.body.contains("name=\"user\""), is_asked, "{acr_values}: {}", page.body);
    }
    let unseen = browser.get(&authorize_url(&client, &[("acr_values", "mfa"), ("prompt", "none")])).await;
    assert!(unseen.body.contains("login_required"), "{}", unseen.body);
}

/// RFC 9470 §5.
#[tokio::test]
async fn a_login_for_the_request_that_stays_too_weak_ends_it_and_a_strong_one_goes_on() {
    let app = App::with_login(Graded::default(), |_| ());
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = log_in(&mut browser, &authorize_url(&client, &[]), "pwd").await;
    browser.submit(&consent, "allow").await.param("code").expect("a code");

    let url = authorize_url(&client, &[("acr_values", "mfa")]);
    let refused = log_in(&mut browser, &url, "pwd").await;
    refused.assert_redirect_error("unmet_authentication_requirements");
    // A form by which an earlier page of the same request would be answered is none of this login.
    let strong =
        log_in(&mut browser, &authorize_url(&client, &[("acr_values", "mfa"), ("state", "2")]), "mfa").await;
    assert!(strong.body.contains("value=\"allow\""), "{}", strong.body);
    browser.submit(&strong, "allow").await.param("code").expect("a code");
    assert!(
        browser.get(&url).await.body.contains("value=\"allow\""),
        "the strong login will do for that too"
    );
}

/// RFC 9126 §4.
#[tokio::test]
async fn a_pushed_request_of_a_login_that_stays_too_weak_is_over() {
    let app = App::with_login(Graded::default(), |_| ());
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = log_in(&mut browser, &authorize_url(&client, &[]), "pwd").await;
    browser.submit(&consent, "allow").await.param("code").expect("a code");
    let params = authorize_params(&client, &[("acr_values", "mfa")]);
    let form: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pushed = app.post_form("/par", &form).await.json();
    let pairs = [("client_id", &*client), ("request_uri", pushed["request_uri"].as_str().unwrap())];
    let link = format!("/authorize?{}", encode(&pairs));
    log_in(&mut browser, &link, "pwd").await.assert_redirect_error("unmet_authentication_requirements");
    browser.get(&link).await.assert_local_error(400);
}

#[tokio::test]
async fn the_login_is_told_what_is_asked_for_and_logs_do_not_name_the_person() {
    let login = Graded::default();
    let app = App::with_login(login.clone(), |_| ());
    let client = app.allowed_client().await;
    login.asked.lock().unwrap().clear();
    let hints = [("login_hint", "zoë@example.com"), ("acr_values", "mfa other"), ("ui_locales", "fr-CA en")];
    app.get(&authorize_url(&client, &hints)).await;
    app.get(&authorize_url(&client, &[])).await;
    let asked = login.asked.lock().unwrap().clone();
    assert_eq!(asked[0], hints.map(|(_, value)| Some(value.to_owned())));
    assert_eq!(asked[1], [None, None, None]);
    for (name, bad) in [
        ("login_hint", "x".repeat(257)),
        ("login_hint", "a\nb".to_owned()),
        ("acr_values", "x".repeat(513)),
        ("acr_values", "a\u{e9}".to_owned()),
        ("ui_locales", "x".repeat(257)),
        ("ui_locales", "<b>".to_owned()),
    ] {
        let refused = app.get(&authorize_url(&client, &[(name, &bad)])).await;
        refused.assert_redirect_error("invalid_request");
        assert!(refused.param("error_description").unwrap().starts_with(name), "{name}");
    }
    assert_eq!(login.asked.lock().unwrap().len(), 2, "no login begins for a request that is refused");
}

#[tokio::test]
async fn metadata_names_what_the_login_can_reach_and_nothing_where_it_says_nothing() {
    let app = App::with_login(Graded::default(), |_| ());
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["acr_values_supported"], json!(["pwd", "mfa"]));
    assert_eq!(metadata["prompt_values_supported"], json!(["none", "login", "consent", "select_account"]));
    let plain = App::new().get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(plain.get("acr_values_supported"), None);
}
