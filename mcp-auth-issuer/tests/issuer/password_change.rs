//! A person changes their own password, at `/account/factors`.

use http::StatusCode;
use mcp_auth_issuer::AccountsOptions;

use crate::accounts::{PASSWORD, log_in, site_with, unlimited};
use crate::factors::{FACTORS, overview, press, second_form, set_up, shown};
use crate::harness::*;

/// What she chooses.
pub(crate) const NEW: &str = "other words of hers";

/// Sends the form of the page, from whichever page of these has its token.
pub(crate) async fn sends(browser: &mut Browser, page: &Answer, current: &str, password: &str) -> Answer {
    let fields = [("current", current), ("password", password), ("again", password)];
    press(browser, page, "change-password", &fields).await
}

/// Whether the password logs in.
async fn logs_in(app: &App, password: &str) -> bool {
    let back = log_in(&mut Browser::new(app), "/account", "ann", password).await;
    back.status == StatusCode::SEE_OTHER
}

fn asks_to_log_in(page: &Answer) -> bool {
    page.body.contains("name=\"username\"") && page.body.contains("value=\"login\"")
}

#[tokio::test]
async fn a_person_changes_their_password_and_is_logged_out_elsewhere_and_applications_stay() {
    let (app, ..) = site_with(unlimited()).await;
    let client = app.public_client().await;
    let mut other = Browser::new(&app);
    let back = log_in(&mut other, &authorize_url(&client, &[]), "ann", PASSWORD).await;
    let consent = other.get(back.header("location")).await;
    let code = other.submit(&consent, "allow").await.param("code").unwrap();
    let tokens = app.token(&redeem(&client, &code)).await.json();
    assert!(!asks_to_log_in(&other.get("/account").await));

    let mut browser = Browser::new(&app);
    let page = overview(&mut browser).await;
    let form = press(&mut browser, &page, "begin-password", &[]).await;
    for field in ["current-password", "new-password", "autocomplete=\"username\" readonly"] {
        assert!(form.body.contains(field), "{field}: {}", form.body);
    }
    assert!(!form.body.contains("<script"), "{}", form.body);
    let done = sends(&mut browser, &form, PASSWORD, NEW).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(
        done.body.contains("Your password is changed") && done.body.contains("class=\"done\""),
        "{}",
        done.body
    );

    assert!(!logs_in(&app, PASSWORD).await && logs_in(&app, NEW).await);
    assert!(asks_to_log_in(&other.get("/account").await), "the other browser is logged out");
    assert!(!asks_to_log_in(&browser.get("/account").await), "this one is not");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", refresh)];
    assert_eq!(app.token(&form).await.status, StatusCode::OK, "the application stays connected");
}

#[tokio::test]
async fn the_current_password_is_asked_and_the_new_one_follows_the_rules() {
    let (app, ..) = site_with(unlimited()).await;
    let mut browser = Browser::new(&app);
    let mut page = overview(&mut browser).await;
    for (current, password, why) in [
        ("not her password", NEW, "The current password is not right"),
        ("", NEW, "The current password is not right"),
        (PASSWORD, "too short", "That password cannot be chosen: a password has at least 12 characters"),
        (PASSWORD, "annannannann", "That password cannot be chosen"),
        (PASSWORD, "", "That password cannot be chosen"),
        (
            PASSWORD,
            &"a long one ".repeat(50),
            "That password cannot be chosen: a password has at most 128 characters",
        ),
        (PASSWORD, PASSWORD, "That is the password that you have now"),
    ] {
        page = sends(&mut browser, &page, current, password).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}: {}", page.body);
        assert!(page.body.contains(why) && page.body.contains("name=\"current\""), "{why}: {}", page.body);
    }
    let fields = [("current", PASSWORD), ("password", NEW), ("again", "something else here")];
    page = press(&mut browser, &page, "change-password", &fields).await;
    assert!(page.body.contains("The two new passwords are not the same"), "{}", page.body);
    assert!(logs_in(&app, PASSWORD).await && !logs_in(&app, NEW).await);
    assert_eq!(sends(&mut browser, &page, PASSWORD, NEW).await.status, StatusCode::OK);
}

#[tokio::test]
async fn p30_the_current_password_is_not_guessed_at_a_browser_that_was_left_open() {
    let (app, ..) = site_with(AccountsOptions::default()).await;
    let mut browser = Browser::new(&app);
    let mut page = overview(&mut browser).await;
    // The login was the first of five.
    for n in 0..4 {
        page = sends(&mut browser, &page, "not her password", NEW).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}: {}", page.body);
    }
    let limited = sends(&mut browser, &page, PASSWORD, NEW).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "{}", limited.body);
    assert_eq!(limited.header("retry-after"), "12");
    app.advance(12);
    assert_eq!(sends(&mut browser, &limited, PASSWORD, NEW).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_password_is_changed_after_a_login_of_just_now_with_all_that_there_is() {
    let (app, ..) = site_with(unlimited()).await;
    let (mut late, mut early) = (Browser::new(&app), Browser::new(&app));
    let (late_page, early_page) = (overview(&mut late).await, overview(&mut early).await);
    app.advance(5 * 60 + 1);
    assert!(asks_to_log_in(&press(&mut late, &late_page, "begin-password", &[]).await));
    assert!(asks_to_log_in(&sends(&mut late, &late_page, PASSWORD, NEW).await));
    // The password alone, since there are codes.
    let (key, _) = set_up(&app, START + 301).await;
    assert!(asks_to_log_in(&sends(&mut early, &early_page, PASSWORD, NEW).await));
    assert!(!logs_in_with_codes(&app, NEW).await);

    app.advance(60);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, FACTORS).await;
    browser.answer_login(&form, &[("code", &shown(&key, START + 361))]).await;
    let page = browser.get(FACTORS).await;
    assert_eq!(sends(&mut browser, &page, PASSWORD, NEW).await.status, StatusCode::OK);
    assert!(logs_in_with_codes(&app, NEW).await && !logs_in_with_codes(&app, PASSWORD).await);
}

/// Whether the password leads to the form of the second factor.
async fn logs_in_with_codes(app: &App, password: &str) -> bool {
    let next = log_in(&mut Browser::new(app), "/account", "ann", password).await;
    next.body.contains("one-time-code")
}

#[tokio::test]
async fn a_form_of_another_site_or_browser_or_of_a_disabled_account_changes_no_password() {
    let (app, operator, ..) = site_with(unlimited()).await;
    let mut browser = Browser::new(&app);
    let page = overview(&mut browser).await;
    let ours = browser.origin.replace("https://evil.example".into());
    assert_eq!(sends(&mut browser, &page, PASSWORD, NEW).await.status, StatusCode::FORBIDDEN);
    browser.origin = ours;
    assert_eq!(sends(&mut Browser::new(&app), &page, PASSWORD, NEW).await.status, StatusCode::FORBIDDEN);
    let fields = [
        ("csrf", "a made-up token"),
        ("decision", "change-password"),
        ("current", PASSWORD),
        ("password", NEW),
        ("again", NEW),
    ];
    assert_eq!(browser.post(FACTORS, &fields).await.status, StatusCode::FORBIDDEN);
    assert!(logs_in(&app, PASSWORD).await);

    operator.disable("ann").await.unwrap();
    let refused = sends(&mut browser, &page, PASSWORD, NEW).await;
    assert!(!refused.body.contains("Your password is changed"), "{}", refused.body);
    operator.enable("ann").await.unwrap();
    assert!(logs_in(&app, PASSWORD).await && !logs_in(&app, NEW).await);
}

#[tokio::test]
async fn one_who_has_no_password_is_offered_no_change_of_it() {
    let (app, operator, ..) = site_with(unlimited()).await;
    let mut browser = Browser::new(&app);
    let page = overview(&mut browser).await;
    assert!(page.body.contains("value=\"begin-password\""), "{}", page.body);
    operator.reset("ann", false).await.unwrap();
    assert!(asks_to_log_in(&sends(&mut browser, &page, PASSWORD, NEW).await));
    assert!(!logs_in(&app, NEW).await);
}
