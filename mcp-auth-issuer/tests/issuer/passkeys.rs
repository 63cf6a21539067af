//! People log in with passkeys: alone, or after their password. What is wrong is refused, whatever it is, with the same words.

use http::StatusCode;
use mcp_auth_core::SecretText;
use mcp_auth_issuer::{AccountsLogin, AccountsOptions, PasskeysPolicy};
use mcp_auth_store::{Outage, Store};
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, log_in, site_with, unlimited};
use crate::authenticator::{Device, answer_with_passkey, log_in_by, options, with};
use crate::harness::*;
use crate::passkey_factors::add;

/// An issuer at which `ann` has a passkey.
async fn site(mut device: Device) -> (App, AccountsLogin, Outage, Device, Vec<String>) {
    let (app, operator, _, outage) = site_with(unlimited()).await;
    let codes = add(&mut Browser::new(&app), "ann", &mut device).await;
    (app, operator, outage, device, codes)
}

/// Allows the request that the person logged in for, and returns the claims of the token.
async fn claims(app: &App, client: &str, browser: &mut Browser, back: &Answer) -> Value {
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let consent = browser.get(back.header("location")).await;
    let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
    let tokens = app.token(&redeem(client, &code)).await.json();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", client),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(app.token(&refresh).await.status, StatusCode::OK);
    app.claims(tokens["access_token"].as_str().unwrap())
}

/// Not logged in, in the words for every passkey that is refused.
#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    assert!(answer.body.contains("That passkey does not log in here."), "{}", answer.body);
    assert!(answer.body.contains("name=\"password\""), "{}", answer.body);
}

/// The form after the password.
async fn second_form(browser: &mut Browser, url: &str, name: &str) -> Answer {
    let form = log_in(browser, url, name, PASSWORD).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    assert!(form.body.contains("Use a passkey") && !form.body.contains("name=\"password\""), "{}", form.body);
    form
}

#[tokio::test]
async fn a_person_logs_in_with_a_passkey_alone_and_tokens_say_so() {
    let (app, _, _, mut device, _) = site(Device::default()).await;
    let client = app.public_client().await;
    for acr in ["", "urn:mcp-auth:mfa", "urn:mcp-auth:mfa urn:mcp-auth:pwd"] {
        let url = authorize_url(&client, &[("acr_values", acr)]);
        let mut browser = Browser::new(&app);
        let back = log_in_by(&mut browser, &url, &mut device).await;
        let claims = claims(&app, &client, &mut browser, &back).await;
        assert_eq!((&claims["sub"], &claims["team"]), (&json!("ann"), &json!("a")));
        assert_eq!(
            (&claims["acr"], &claims["amr"]),
            (&json!("urn:mcp-auth:mfa"), &json!(["pop", "user", "mfa"]))
        );
        assert_eq!(claims["auth_time"], START);
    }
    // What is asked for of one factor, two factors do; the token says what was asked for.
    let url = authorize_url(&client, &[("acr_values", "urn:mcp-auth:pwd")]);
    let mut browser = Browser::new(&app);
    let back = log_in_by(&mut browser, &url, &mut device).await;
    assert_eq!(claims(&app, &client, &mut browser, &back).await["acr"], "urn:mcp-auth:pwd");
}

#[tokio::test]
async fn with_a_passkey_the_password_alone_is_not_enough() {
    let (app, _, _, mut device, codes) = site(Device::default()).await;
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, &url, "ann").await;
    assert!(!browser.get(&url).await.body.contains("value=\"allow\""));
    assert_eq!(options(&form)["userVerification"], "preferred");
    let signed = device.sign(&form).await;
    let back = answer_with_passkey(&mut browser, &form, &signed).await;
    let said = claims(&app, &client, &mut browser, &back).await;
    assert_eq!(
        (&said["acr"], &said["amr"]),
        (&json!("urn:mcp-auth:mfa"), &json!(["pwd", "pop", "user", "mfa"]))
    );
    // Without scripts, or without the device, a recovery code does, once.
    for (n, status) in [(0, StatusCode::SEE_OTHER), (0, StatusCode::OK), (1, StatusCode::SEE_OTHER)] {
        let mut browser = Browser::new(&app);
        let form = second_form(&mut browser, &url, "ann").await;
        assert_eq!(browser.answer_login(&form, &[("code", &codes[n]), ("passkey", "")]).await.status, status);
    }
}

#[tokio::test]
async fn a_device_that_verifies_nobody_is_a_second_factor_and_not_a_first_one() {
    let (app, _, _, mut device, _) = site(Device::that_cannot_verify()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    let mut asked = options(&page);
    assert_eq!(asked["userVerification"], "required");
    assert!(device.sign_at(ISSUER, asked.clone()).await.is_none(), "its browser says so already");
    asked["userVerification"] = json!("discouraged");
    let signed = device.sign_at(ISSUER, asked).await.unwrap();
    assert_refused(&answer_with_passkey(&mut browser, &page, &signed).await);
    let form = second_form(&mut browser, &url, "ann").await;
    let signed = device.sign(&form).await;
    assert_eq!(answer_with_passkey(&mut browser, &form, &signed).await.status, StatusCode::SEE_OTHER);
}

/// Whoever found a security key without a PIN can give it one.
#[tokio::test]
async fn a_passkey_that_was_added_without_a_verification_is_not_a_first_factor_until_one_came_after_the_password()
 {
    let (app, _, _, mut device, _) = site(Device::that_cannot_verify()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    device.gets_a_pin();
    let mut thief = Browser::new(&app);
    let page = thief.get(&url).await;
    let signed = device.sign(&page).await;
    assert_refused(&answer_with_passkey(&mut thief, &page, &signed).await);
    // The person has the password too.
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, &url, "ann").await;
    let signed = device.sign(&form).await;
    assert_eq!(answer_with_passkey(&mut browser, &form, &signed).await.status, StatusCode::SEE_OTHER);
    let mut later = Browser::new(&app);
    let page = later.get(&url).await;
    let signed = device.sign(&page).await;
    assert_eq!(answer_with_passkey(&mut later, &page, &signed).await.status, StatusCode::SEE_OTHER);
}

/// A device that does not count: nothing but the challenge tells a replay.
#[tokio::test]
async fn a_challenge_counts_once() {
    let (app, _, _, mut device, _) = site(Device::default()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    let signed = device.sign(&page).await;
    let mut thief = browser.clone();
    assert_eq!(answer_with_passkey(&mut browser, &page, &signed).await.status, StatusCode::SEE_OTHER);
    assert_refused(&answer_with_passkey(&mut thief, &page, &signed).await);
    app.advance(60);
    assert_refused(&answer_with_passkey(&mut thief, &page, &signed).await);
    // The second form comes back once.
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, &url, "ann").await;
    let signed = device.sign(&form).await;
    let mut thief = browser.clone();
    assert_eq!(answer_with_passkey(&mut browser, &form, &signed).await.status, StatusCode::SEE_OTHER);
    let late = answer_with_passkey(&mut thief, &form, &signed).await;
    assert!(late.status == StatusCode::FORBIDDEN && late.body.contains("too old"), "{}", late.body);
}

#[tokio::test]
async fn a_challenge_counts_in_its_browser_for_its_request_and_in_time() {
    let (app, _, _, mut device, _) = site(Device::default()).await;
    let (url, other_url) =
        (authorize_url(&app.public_client().await, &[]), authorize_url(&app.another_client().await, &[]));
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    let challenge = hidden(&page, "challenge").unwrap();
    let signed = device.sign(&page).await;
    let send = async |browser: &mut Browser, url: &str, challenge: &str, passkey: &str| {
        let page = browser.get(url).await;
        browser.answer_login(&page, &[("passkey", passkey), ("challenge", challenge)]).await
    };
    assert_refused(&send(&mut Browser::new(&app), &url, &challenge, &signed).await);
    assert_refused(&send(&mut browser, &other_url, &challenge, &signed).await);
    assert_refused(&send(&mut browser, "/account/factors", &challenge, &signed).await);
    // One that nobody made, or that does not go with what was signed.
    let fresh = hidden(&browser.get(&url).await, "challenge").unwrap();
    for other in ["", "AAAA", &challenge[1..], &fresh] {
        assert_refused(&send(&mut browser, &url, other, &signed).await);
    }
    let mut own = options(&page);
    own["challenge"] = json!("AAECAwQFBgcICQoLDA0ODw");
    let signed_own = device.sign_at(ISSUER, own).await.unwrap();
    for other in ["AAECAwQFBgcICQoLDA0ODw", &challenge] {
        assert_refused(&send(&mut browser, &url, other, &signed_own).await);
    }
    let mut late = browser.clone();
    assert_eq!(send(&mut browser, &url, &challenge, &signed).await.status, StatusCode::SEE_OTHER);
    let page = late.get(&url).await;
    let (challenge, signed) = (hidden(&page, "challenge").unwrap(), device.sign(&page).await);
    app.advance(30 * 60);
    assert_refused(&send(&mut late, &url, &challenge, &signed).await);
}

#[tokio::test]
async fn a_page_of_another_origin_gets_no_login() {
    let (app, _, _, mut device, _) = site(Device::default()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    for origin in ["http://localhost:8081", "http://localhost", "https://localhost:8080"] {
        let signed = device.sign_at(origin, options(&page)).await.unwrap();
        assert_refused(&answer_with_passkey(&mut browser, &page, &signed).await);
    }
    let mut elsewhere = options(&page);
    elsewhere["rpId"] = json!("evil.example");
    let signed = device.sign_at("https://evil.example", elsewhere).await.unwrap();
    assert_refused(&answer_with_passkey(&mut browser, &page, &signed).await);
    // The form is another site's.
    let signed = device.sign(&page).await;
    browser.origin = Some("https://evil.example".into());
    assert_eq!(answer_with_passkey(&mut browser, &page, &signed).await.status, StatusCode::FORBIDDEN);
    browser.origin = Some(ISSUER.into());
    assert_eq!(answer_with_passkey(&mut browser, &page, &signed).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn p30_whatever_is_wrong_with_a_passkey_the_answer_is_the_same() {
    let (app, operator, _, mut device, _) = site(Device::default()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let (mut disabled, mut removed, mut elsewhere) =
        (Device::default(), Device::default(), Device::default());
    for (name, device) in [("off", &mut disabled), ("gone", &mut removed)] {
        operator.add(name, None, Some(&SecretText::new(PASSWORD))).await.unwrap();
        add(&mut Browser::new(&app), name, device).await;
    }
    operator.disable("off").await.unwrap();
    operator.people(ISSUER).delete("gone").await.unwrap();
    let (other, ..) = site_with(unlimited()).await;
    add(&mut Browser::new(&other), "ann", &mut elsewhere).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    let good = device.sign(&page).await;
    let (of_disabled, of_removed) = (disabled.sign(&page).await, removed.sign(&page).await);
    let unknown = elsewhere.sign(&page).await;
    let member = |answer: &str, name: &str| serde_json::from_str::<Value>(answer).unwrap()[name].clone();
    let mut answers = Vec::new();
    for wrong in [
        unknown.clone(),
        of_disabled.clone(),
        of_removed,
        with(&good, "signature", member(&unknown, "signature")),
        with(&good, "signature", json!("")),
        with(&good, "id", member(&unknown, "id")),
        with(&unknown, "id", member(&good, "id")),
        with(&good, "userHandle", Value::Null),
        with(&good, "userHandle", member(&of_disabled, "userHandle")),
        with(&good, "userHandle", json!("ann")),
        with(&good, "authenticatorData", json!("")),
        with(&good, "clientDataJSON", json!("e30")),
        with(&good, "more", json!(1)),
        "{}".into(),
        "x".into(),
        "y".repeat(20_000),
    ] {
        let refused = answer_with_passkey(&mut browser, &page, &wrong).await;
        assert_refused(&refused);
        let challenge = hidden(&refused, "challenge").unwrap();
        answers.push(refused.body.replace(&csrf(&refused), "").replace(&challenge, ""));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(log_in_by(&mut browser, &url, &mut device).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_passkey_of_another_account_is_not_a_second_factor() {
    let (app, operator, _, mut device, _) = site(Device::default()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    operator.add("bob", None, Some(&SecretText::new(PASSWORD))).await.unwrap();
    let mut his = Device::default();
    add(&mut Browser::new(&app), "bob", &mut his).await;
    let mut browser = Browser::new(&app);
    let mut form = second_form(&mut browser, &url, "ann").await;
    let mut asked = options(&form);
    assert_eq!(asked["allowCredentials"].as_array().unwrap().len(), 1);
    asked.as_object_mut().unwrap().remove("allowCredentials");
    for user_handle in [None, Some(json!("x")), Some(Value::Null)] {
        asked["challenge"] = options(&form)["challenge"].clone();
        let signed = his.sign_at(ISSUER, asked.clone()).await.unwrap();
        let signed = user_handle.map_or(signed.clone(), |handle| with(&signed, "userHandle", handle));
        form = answer_with_passkey(&mut browser, &form, &signed).await;
        assert!(
            form.status == StatusCode::OK && form.body.contains("That passkey does not log in here."),
            "{}",
            form.body
        );
    }
    assert!(!browser.get(&url).await.body.contains("value=\"allow\""));
    // A challenge of the first page does not do for the second form, nor one that was asked for before.
    let first = Browser::new(&app).get(&url).await;
    let other = device.sign(&first).await;
    let before = options(&form);
    form = answer_with_passkey(&mut browser, &form, &other).await;
    assert!(form.body.contains("That passkey does not log in here."), "{}", form.body);
    let stale = device.sign_at(ISSUER, before).await.unwrap();
    form = answer_with_passkey(&mut browser, &form, &stale).await;
    assert!(form.body.contains("That passkey does not log in here."), "{}", form.body);
    let signed = device.sign(&form).await;
    assert_eq!(answer_with_passkey(&mut browser, &form, &signed).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn p30_strangers_who_try_passwords_lock_no_passkey_out() {
    let (app, _, _, outage) = site_with(AccountsOptions::default()).await;
    let mut device = Device::default();
    add(&mut Browser::new(&app), "ann", &mut device).await;
    app.advance(3600);
    let url = authorize_url(&app.public_client().await, &[]);
    for n in 0..8 {
        let mut stranger = Browser::new(&app);
        stranger.address = format!("192.0.2.{n}").parse().ok();
        log_in(&mut stranger, &url, "ann", "not her password").await;
    }
    let mut hers = Browser::new(&app);
    hers.address = "198.51.100.7".parse().ok();
    assert_eq!(log_in(&mut hers, &url, "ann", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(log_in_by(&mut hers, &url, &mut device).await.status, StatusCode::SEE_OTHER);
    // An address that tries too often is limited, and takes nothing from others.
    let mut stranger = Browser::new(&app);
    stranger.address = "203.0.113.9".parse().ok();
    let page = stranger.get(&url).await;
    for _ in 0..30 {
        assert_refused(&answer_with_passkey(&mut stranger, &page, "x").await);
    }
    let limited = answer_with_passkey(&mut stranger, &page, "x").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "{}", limited.body);
    assert_eq!(limited.header("retry-after"), "2");
    assert_eq!(log_in_by(&mut Browser::new(&app), &url, &mut device).await.status, StatusCode::SEE_OTHER);
    drop(outage);
}

/// Nor by wrong codes of who has the password.
#[tokio::test]
async fn p30_who_tries_codes_locks_no_passkey_out() {
    let (app, _, _, mut device, codes) = site(Device::default()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let mut form = second_form(&mut browser, &url, "ann").await;
    for _ in 0..10 {
        form = browser.answer_login(&form, &[("code", "000000")]).await;
        assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    }
    assert_eq!(
        browser.answer_login(&form, &[("code", &codes[0])]).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    let form = second_form(&mut browser, &url, "ann").await;
    let signed = device.sign(&form).await;
    assert_eq!(answer_with_passkey(&mut browser, &form, &signed).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_copy_of_a_passkey_is_noticed_by_its_counter() {
    let (app, _, _, mut device, _) = site(Device::that_counts()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut copy = device.clone();
    for _ in 0..2 {
        assert_eq!(log_in_by(&mut Browser::new(&app), &url, &mut device).await.status, StatusCode::SEE_OTHER);
    }
    for _ in 0..2 {
        assert_refused(&log_in_by(&mut Browser::new(&app), &url, &mut copy).await);
    }
    assert_eq!(log_in_by(&mut Browser::new(&app), &url, &mut device).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_an_operator_does_with_an_account_holds_for_its_passkeys() {
    let (app, operator, _, mut device, _) = site(Device::default()).await;
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    let refresh_status = async |tokens: &Value| {
        let refresh = [
            ("grant_type", "refresh_token"),
            ("client_id", &*client),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ];
        app.token(&refresh).await.status
    };
    let mut tokens = async || {
        let mut browser = Browser::new(&app);
        let back = log_in_by(&mut browser, &url, &mut device).await;
        if back.status != StatusCode::SEE_OTHER {
            assert_refused(&back);
            return None;
        }
        let consent = browser.get(back.header("location")).await;
        let code = browser.submit(&consent, "allow").await.param("code").unwrap();
        Some(app.token(&redeem(&client, &code)).await.json())
    };
    let first = tokens().await.unwrap();
    operator.disable("ann").await.unwrap();
    assert_eq!(refresh_status(&first).await, StatusCode::BAD_REQUEST);
    assert_eq!(tokens().await, None);
    operator.enable("ann").await.unwrap();
    let second = tokens().await.unwrap();
    let link = operator.reset("ann", false).await.unwrap();
    assert_eq!(link.passkeys, 1, "who resets it is told");
    assert_eq!(refresh_status(&second).await, StatusCode::BAD_REQUEST);
    let third = tokens().await.unwrap();
    assert_eq!(operator.list().await.unwrap()[0].state.passkeys, 1);
    assert_eq!(refresh_status(&third).await, StatusCode::OK);
    let link = operator.reset("ann", true).await.unwrap();
    assert_eq!(link.passkeys, 0);
    assert_eq!(tokens().await, None);
    assert_eq!(operator.list().await.unwrap()[0].state.passkeys, 0);
}

#[tokio::test]
async fn a_passkey_is_what_a_server_that_requires_two_factors_asks_for() {
    let (app, _, store, _) = site_with(unlimited()).await;
    let mut device = Device::default();
    add(&mut Browser::new(&app), "ann", &mut device).await;
    let mut required = unlimited();
    required.second_factor = mcp_auth_issuer::SecondFactorPolicy::Required;
    let (app, _) = App::with_accounts(&store, required);
    let url = authorize_url(&app.public_client().await, &[]);
    assert_eq!(log_in_by(&mut Browser::new(&app), &url, &mut device).await.status, StatusCode::SEE_OTHER);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, &url, "ann").await;
    let signed = device.sign(&form).await;
    assert_eq!(answer_with_passkey(&mut browser, &form, &signed).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn one_process_takes_the_answer_to_a_page_of_another() {
    let (app, _, store, _) = site_with(unlimited()).await;
    let mut device = Device::default();
    add(&mut Browser::new(&app), "ann", &mut device).await;
    let (other, _) = App::with_accounts(&store, unlimited());
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    let signed = device.sign(&page).await;
    let mut there = browser.at(&other);
    let mut twice = there.clone();
    assert_eq!(answer_with_passkey(&mut there, &page, &signed).await.status, StatusCode::SEE_OTHER);
    assert_refused(&answer_with_passkey(&mut twice, &page, &signed).await);
    assert_refused(&answer_with_passkey(&mut browser, &page, &signed).await);
}

#[tokio::test]
async fn while_the_store_is_down_no_passkey_logs_in_and_none_is_called_wrong() {
    let (app, _, outage, mut device, _) = site(Device::default()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    let signed = device.sign(&page).await;
    outage.begin();
    let answer = answer_with_passkey(&mut browser, &page, &signed).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    assert!(!answer.body.contains("does not log in"), "{}", answer.body);
    outage.end();
    assert_eq!(answer_with_passkey(&mut browser, &page, &signed).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn where_passkeys_are_off_none_logs_in_and_recovery_codes_do() {
    let (app, _, store, _) = site_with(unlimited()).await;
    let mut device = Device::default();
    let codes = add(&mut Browser::new(&app), "ann", &mut device).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut off = unlimited();
    off.passkeys = PasskeysPolicy::Off;
    let (without, _) = App::with_accounts(&store, off);
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    let signed = device.sign(&page).await;
    let refused = answer_with_passkey(&mut browser.at(&without), &page, &signed).await;
    assert_refused(&refused);
    assert!(
        !refused.body.contains("data-passkey")
            && !refused.header("content-security-policy").contains("script-src")
    );
    let mut browser = Browser::new(&without);
    let form = log_in(&mut browser, &url, "ann", PASSWORD).await;
    assert!(form.status == StatusCode::OK && !form.body.contains("data-passkey"), "{}", form.body);
    let signed = json!({ "id": "x" }).to_string();
    let form = browser.answer_login(&form, &[("passkey", &signed)]).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    assert_eq!(browser.answer_login(&form, &[("code", &codes[0])]).await.status, StatusCode::SEE_OTHER);
    let _: Store = store;
}
