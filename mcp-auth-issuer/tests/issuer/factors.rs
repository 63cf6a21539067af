//! The second factor: one-time codes, recovery codes, and the page on which a person changes them.

use aws_lc_rs::hmac;
use http::StatusCode;
use mcp_auth_issuer::{AccountsLogin, SecondFactorPolicy};

use crate::accounts::{PASSWORD, log_in, site, site_with, unlimited};
use crate::harness::*;

pub(crate) const FACTORS: &str = "/account/factors";

/// What an authenticator app shows (RFC 6238), written again here.
pub(crate) fn shown(key: &str, now: u64) -> String {
    let bits: String = key
        .bytes()
        .map(|byte| {
            format!("{:05b}", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|d| *d == byte).unwrap())
        })
        .collect();
    let secret: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|bits| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap())
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &(now / 30).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// A code that is not that of `key` around `now`.
pub(crate) fn wrong(key: &str, now: u64) -> String {
    let near: Vec<String> = [now - 30, now, now + 30].iter().map(|at| shown(key, *at)).collect();
    (0..).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
}

/// The key that the page shows.
pub(crate) fn key(page: &Answer) -> String {
    let after = page.body.split_once("?secret=").unwrap_or_else(|| panic!("no key in {}", page.body)).1;
    after.split_once("&amp;").unwrap().0.to_owned()
}

/// The recovery codes that the page shows.
fn recovery_codes(page: &Answer) -> Vec<String> {
    let items = page.body.split("<li><code class=\"url\">").skip(1);
    items.map(|item| item.split_once('<').unwrap().0.to_owned()).collect()
}

/// Presses a button of the page.
pub(crate) async fn press(
    browser: &mut Browser,
    page: &Answer,
    decision: &str,
    more: &[(&str, &str)],
) -> Answer {
    let csrf = csrf(page);
    let mut form = vec![("csrf", &*csrf), ("decision", decision)];
    let begun = hidden(page, "begun");
    form.extend(begun.as_deref().map(|begun| ("begun", begun)));
    form.extend(more);
    browser.post(FACTORS, &form).await
}

/// The page of a person who logs in for it with their password.
pub(crate) async fn overview(browser: &mut Browser) -> Answer {
    let back = log_in(browser, FACTORS, "ann", PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    assert_eq!(back.header("location"), FACTORS);
    browser.get(FACTORS).await
}

/// Sets up codes at `now`: the key, and the recovery codes.
pub(crate) async fn set_up(app: &App, now: u64) -> (String, Vec<String>) {
    let mut browser = Browser::new(app);
    let page = overview(&mut browser).await;
    let setup = press(&mut browser, &page, "begin", &[]).await;
    let key = key(&setup);
    let done = press(&mut browser, &setup, "confirm", &[("code", &shown(&key, now))]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    (key, recovery_codes(&done))
}

/// The second form, after name and password.
pub(crate) async fn second_form(browser: &mut Browser, url: &str) -> Answer {
    let form = log_in(browser, url, "ann", PASSWORD).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    assert!(form.body.contains("autocomplete=\"one-time-code\""), "{}", form.body);
    assert!(!form.body.contains("name=\"password\""));
    form
}

async fn with_codes() -> (App, AccountsLogin, String, Vec<String>) {
    let (app, operator, ..) = site_with(unlimited()).await;
    let (key, codes) = set_up(&app, START).await;
    app.advance(60);
    (app, operator, key, codes)
}

#[tokio::test]
async fn codes_count_once_one_of_them_was_typed_and_tokens_say_so() {
    let (app, ..) = site_with(unlimited()).await;
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    let mut browser = Browser::new(&app);
    let page = overview(&mut browser).await;
    assert!(page.body.contains("password alone"), "{}", page.body);
    let setup = press(&mut browser, &page, "begin", &[]).await;
    assert!(setup.body.contains("otpauth://totp/todos:ann?secret="), "{}", setup.body);
    let key = key(&setup);
    let refused = press(&mut browser, &setup, "confirm", &[("code", &wrong(&key, START))]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert!(recovery_codes(&refused).is_empty());
    // They do not count yet.
    let back = log_in(&mut Browser::new(&app), &url, "ann", PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    let done = press(&mut browser, &refused, "confirm", &[("code", &shown(&key, START))]).await;
    let codes = recovery_codes(&done);
    assert_eq!((done.status, codes.len()), (StatusCode::OK, 10), "{}", done.body);

    app.advance(60);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, &url).await;
    assert!(!browser.get(&url).await.body.contains("value=\"allow\""), "the password alone is not enough");
    let back = browser.answer_login(&form, &[("code", &shown(&key, START + 60))]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let consent = browser.get(back.header("location")).await;
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let tokens = app.token(&redeem(&client, &code)).await.json();
    let claims = app.claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["acr"], "urn:mcp-auth:mfa");
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
}

#[tokio::test]
async fn an_app_scans_the_key_from_a_picture_that_is_in_the_page_itself() {
    let (app, ..) = site_with(unlimited()).await;
    let mut browser = Browser::new(&app);
    let page = overview(&mut browser).await;
    assert!(!page.body.contains("<svg"), "{}", page.body);
    let setup = press(&mut browser, &page, "begin", &[]).await;
    assert_eq!(
        setup.body.matches("<svg class=\"qr\" role=\"img\" aria-label=\"QR code").count(),
        1,
        "{}",
        setup.body
    );
    assert!(!setup.body.contains("<img") && !setup.body.contains(" style="), "{}", setup.body);
    let policy = setup.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("img-src") && !policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn p30_a_code_is_good_once_in_whatever_browser() {
    let (app, _, key, _) = with_codes().await;
    let url = authorize_url(&app.public_client().await, &[]);
    let (mut one, mut other) = (Browser::new(&app), Browser::new(&app));
    let (first, second) = (second_form(&mut one, &url).await, second_form(&mut other, &url).await);
    let code = shown(&key, START + 60);
    assert_eq!(one.answer_login(&first, &[("code", &code)]).await.status, StatusCode::SEE_OTHER);
    let replayed = other.answer_login(&second, &[("code", &code)]).await;
    assert!(replayed.body.contains("That code is not right, or it was used before"), "{}", replayed.body);
    // Neither is the one before it, which was shown before.
    let older = other.answer_login(&replayed, &[("code", &shown(&key, START + 30))]).await;
    assert!(older.body.contains("That code is not right"), "{}", older.body);
    assert!(!other.get(&url).await.body.contains("value=\"allow\""));
    let newer = other.answer_login(&older, &[("code", &shown(&key, START + 90))]).await;
    assert_eq!(newer.status, StatusCode::SEE_OTHER, "{}", newer.body);
}

#[tokio::test]
async fn p30_a_recovery_code_is_good_once_however_it_is_written() {
    let (app, _, _, codes) = with_codes().await;
    let url = authorize_url(&app.public_client().await, &[]);
    let attempt = async |code: &str| {
        let mut browser = Browser::new(&app);
        let form = second_form(&mut browser, &url).await;
        browser.answer_login(&form, &[("code", code)]).await.status
    };
    let written = codes[0].to_uppercase().replace('-', " ");
    assert_eq!(attempt(&written).await, StatusCode::SEE_OTHER);
    assert_eq!(attempt(&codes[0]).await, StatusCode::OK, "the form again");
    assert_eq!(attempt("aaaa-aaaa-aaaa-aaaa").await, StatusCode::OK);
    assert_eq!(attempt(&codes[1]).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn p30_second_factors_are_limited_however_many_passwords_may_be_tried() {
    let (app, _, key, _) = with_codes().await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let mut form = second_form(&mut browser, &url).await;
    for n in 0..10 {
        form = browser.answer_login(&form, &[("code", &wrong(&key, START + 60))]).await;
        assert!(form.body.contains("That code is not right"), "{n}: {}", form.body);
    }
    let refused = browser.answer_login(&form, &[("code", &shown(&key, START + 60))]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    assert_eq!(refused.header("retry-after"), "120");
    let mut other = Browser::new(&app);
    let form = second_form(&mut other, &url).await;
    let refused = other.answer_login(&form, &[("code", &shown(&key, START + 60))]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn the_second_form_is_good_in_its_browser_for_its_request_and_once() {
    let (app, _, key, _) = with_codes().await;
    let (url, other_url) =
        (authorize_url(&app.public_client().await, &[]), authorize_url(&app.another_client().await, &[]));
    let code = shown(&key, START + 60);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, &url).await;
    let login = hidden(&form, "login").unwrap();
    let with = async |browser: &mut Browser, url: &str| {
        let page = browser.get(url).await;
        let csrf = csrf(&page);
        let form = [("csrf", &*csrf), ("decision", "login"), ("login", &login), ("code", &code)];
        browser.post(&form_action(&page), &form).await
    };
    // Who is refused takes it away: nobody tries it again elsewhere.
    let elsewhere = with(&mut Browser::new(&app), &url).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.answer_login(&form, &[("code", &code)]).await.status, StatusCode::FORBIDDEN);

    let form = second_form(&mut browser, &url).await;
    let login = hidden(&form, "login").unwrap();
    let page = browser.get(&other_url).await;
    let csrf = csrf(&page);
    let moved = [("csrf", &*csrf), ("decision", "login"), ("login", &login), ("code", &code)];
    assert_eq!(browser.post(&form_action(&page), &moved).await.status, StatusCode::FORBIDDEN);
    assert!(!browser.get(&url).await.body.contains("value=\"allow\""));

    let form = second_form(&mut browser, &url).await;
    assert_eq!(browser.answer_login(&form, &[("code", &code)]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_login_does_not_end_after_the_account_was_changed() {
    let (app, operator, key, _) = with_codes().await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, &url).await;
    operator.disable("ann").await.unwrap();
    operator.enable("ann").await.unwrap();
    let refused = browser.answer_login(&form, &[("code", &shown(&key, START + 60))]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("name=\"password\""), "it begins anew: {}", refused.body);
}

#[tokio::test]
async fn a_reset_leaves_the_second_factor_unless_it_is_to_go_too() {
    let (app, operator, ..) = with_codes().await;
    let url = authorize_url(&app.public_client().await, &[]);
    for (and_factors, asks) in [(false, true), (true, false)] {
        let link = operator.reset("ann", and_factors).await.unwrap();
        let mut browser = Browser::new(&app);
        let page = browser.get(link.path.expose()).await;
        let csrf = csrf(&page);
        let form = [("csrf", &*csrf), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(browser.post(link.path.expose(), &form).await.status, StatusCode::OK);
        let next = log_in(&mut browser, &url, "ann", PASSWORD).await;
        assert_eq!(next.body.contains("one-time-code"), asks, "{}", next.body);
    }
}

#[tokio::test]
async fn factors_are_changed_after_a_login_of_just_now_with_all_that_there_is() {
    let (app, _, key, _) = with_codes().await;
    let asks_to_log_in = |page: &Answer| page.body.contains("name=\"password\"");
    // Logged in with a password alone before there were codes.
    let (other, ..) = site_with(unlimited()).await;
    let mut early = Browser::new(&other);
    let page = overview(&mut early).await;
    set_up(&other, START).await;
    for decision in ["begin", "remove", "renew"] {
        assert!(asks_to_log_in(&press(&mut early, &page, decision, &[]).await), "{decision}");
    }
    // With both.
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, FACTORS).await;
    let back = browser.answer_login(&form, &[("code", &shown(&key, START + 60))]).await;
    assert_eq!(back.header("location"), FACTORS);
    let page = browser.get(FACTORS).await;
    assert!(page.body.contains("value=\"remove\""), "{}", page.body);
    app.advance(5 * 60);
    assert!(!asks_to_log_in(&browser.get(FACTORS).await));
    app.advance(1);
    for decision in ["begin", "remove", "renew", "confirm"] {
        let late = press(&mut browser, &page, decision, &[]).await;
        assert!(asks_to_log_in(&late), "{decision}: {}", late.body);
    }
    assert!(asks_to_log_in(&browser.get(FACTORS).await));
    // A form of another site, or of another browser.
    browser.origin = Some("https://evil.example".into());
    assert_eq!(press(&mut browser, &page, "remove", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(press(&mut Browser::new(&app), &page, "remove", &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_person_renews_recovery_codes_and_removes_what_they_set_up() {
    let (app, _, key, codes) = with_codes().await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, FACTORS).await;
    browser.answer_login(&form, &[("code", &shown(&key, START + 60))]).await;
    let page = browser.get(FACTORS).await;
    let renewed = press(&mut browser, &page, "renew", &[]).await;
    let new = recovery_codes(&renewed);
    assert_eq!(new.len(), 10);
    let attempt = async |code: &str| {
        let mut browser = Browser::new(&app);
        let form = second_form(&mut browser, &url).await;
        browser.answer_login(&form, &[("code", code)]).await.status
    };
    assert_eq!(attempt(&codes[0]).await, StatusCode::OK, "the form again");
    assert_eq!(attempt(&new[0]).await, StatusCode::SEE_OTHER);
    let nothing = press(&mut browser, &page, "deny", &[]).await;
    assert!(nothing.body.contains("Nothing was changed"));
    let removed = press(&mut browser, &page, "remove", &[]).await;
    assert!(removed.body.contains("do not count any more"), "{}", removed.body);
    assert!(removed.body.contains("class=\"done\"") && !removed.body.contains("role=\"alert\""));
    let back = log_in(&mut Browser::new(&app), &url, "ann", PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn where_a_second_factor_is_required_it_is_set_up_at_the_login_and_stays() {
    let mut required = unlimited();
    required.second_factor = SecondFactorPolicy::Required;
    let (app, ..) = site_with(required).await;
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    let mut browser = Browser::new(&app);
    let setup = log_in(&mut browser, &url, "ann", PASSWORD).await;
    assert_eq!(setup.status, StatusCode::OK, "{}", setup.body);
    let key = key(&setup);
    assert!(!browser.get(&url).await.body.contains("value=\"allow\""));
    let again = browser.answer_login(&setup, &[("code", &wrong(&key, START))]).await;
    assert!(again.body.contains("That code is not right"), "{}", again.body);
    let codes = browser.answer_login(&again, &[("code", &shown(&key, START))]).await;
    assert_eq!(recovery_codes(&codes).len(), 10, "{}", codes.body);
    assert!(!browser.get(&url).await.body.contains("value=\"allow\""), "once they have kept the codes");
    let back = browser.answer_login(&codes, &[]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let consent = browser.get(back.header("location")).await;
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let tokens = app.token(&redeem(&client, &code)).await.json();
    let claims = app.claims(tokens["access_token"].as_str().unwrap());
    // The password alone led here, so the login is as strong as a password.
    assert_eq!((&claims["acr"], &claims["amr"]), (&"urn:mcp-auth:pwd".into(), &serde_json::json!(["pwd"])));
    let strong = authorize_url(&client, &[("acr_values", "urn:mcp-auth:mfa")]);
    assert!(browser.get(&strong).await.body.contains("name=\"password\""), "it is asked for again");
    assert!(browser.get(FACTORS).await.body.contains("name=\"password\""), "and for the next change too");

    app.advance(60);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, FACTORS).await;
    let back = browser.answer_login(&form, &[("code", &shown(&key, START + 60))]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let page = browser.get(FACTORS).await;
    assert!(page.body.contains("replaced and not removed"), "{}", page.body);
    let refused = press(&mut browser, &page, "remove", &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    second_form(&mut Browser::new(&app), &url).await;
}

/// Who was in another browser may be the one whom the change is to keep out.
#[tokio::test]
async fn p30_a_change_of_factors_ends_every_other_login_and_the_one_that_made_it_goes_on() {
    let (app, ..) = site_with(unlimited()).await;
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    let is_logged_in = async |browser: &mut Browser| browser.get(&url).await.body.contains("value=\"allow\"");
    let mut other = Browser::new(&app);
    log_in(&mut other, &url, "ann", PASSWORD).await;
    let waiting = {
        let consent = other.get(&url).await;
        other.submit(&consent, "allow").await.param("code").unwrap()
    };
    let mut hers = Browser::new(&app);
    let page = overview(&mut hers).await;
    let setup = press(&mut hers, &page, "begin", &[]).await;
    assert!(is_logged_in(&mut other).await, "nothing was changed yet");
    let before = hers.clone();
    let key = key(&setup);
    let done = press(&mut hers, &setup, "confirm", &[("code", &shown(&key, START))]).await;
    assert_eq!(recovery_codes(&done).len(), 10, "{}", done.body);
    assert!(is_logged_in(&mut hers).await && !is_logged_in(&mut other).await);
    assert!(!is_logged_in(&mut before.clone()).await, "its identifier of before");
    app.token(&redeem(&client, &waiting)).await.assert_error(400, "invalid_grant");

    app.advance(60);
    let form = second_form(&mut other, &url).await;
    other.answer_login(&form, &[("code", &shown(&key, START + 60))]).await;
    let form = second_form(&mut hers, FACTORS).await;
    hers.answer_login(&form, &[("code", &shown(&key, START + 90))]).await;
    let page = hers.get(FACTORS).await;
    let renewed = press(&mut hers, &page, "renew", &[]).await;
    assert_eq!(recovery_codes(&renewed).len(), 10);
    assert!(is_logged_in(&mut other).await, "recovery codes alone let nobody in");
    let removed = press(&mut hers, &page, "remove", &[]).await;
    assert!(removed.body.contains("do not count any more"), "{}", removed.body);
    assert!(is_logged_in(&mut hers).await && !is_logged_in(&mut other).await);
    // The page that is shown then is one of the login that goes on.
    let again = press(&mut hers, &removed, "begin", &[]).await;
    assert!(again.body.contains("secret="), "{}", again.body);
}

/// Both have the password. The one who did not begin a set-up neither sees its secret nor confirms it, and who began it confirms no other.
#[tokio::test]
async fn p30_a_set_up_that_another_browser_began_is_neither_shown_nor_confirmed() {
    let (app, ..) = site_with(unlimited()).await;
    let (mut hers, mut theirs) = (Browser::new(&app), Browser::new(&app));
    let (her_page, their_page) = (overview(&mut hers).await, overview(&mut theirs).await);
    let theirs_begun = press(&mut theirs, &their_page, "begin", &[]).await;
    let hers_begun = press(&mut hers, &her_page, "begin", &[]).await;
    let (their_key, her_key) = (key(&theirs_begun), key(&hers_begun));
    assert_ne!(their_key, her_key);
    let refused = |answer: &Answer, key: &str| {
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        assert!(!answer.body.contains("secret=") && !answer.body.contains(key), "{}", answer.body);
    };
    for code in [wrong(&her_key, START), shown(&their_key, START), shown(&her_key, START)] {
        refused(&press(&mut theirs, &theirs_begun, "confirm", &[("code", &code)]).await, &her_key);
        // One that names no set-up, or not as the page does.
        refused(&press(&mut theirs, &their_page, "confirm", &[("code", &code)]).await, &her_key);
        let bad = [("begun", "0a"), ("code", &*code)];
        refused(&press(&mut theirs, &their_page, "confirm", &bad).await, &her_key);
    }
    let again = press(&mut hers, &hers_begun, "confirm", &[("code", &wrong(&her_key, START))]).await;
    assert_eq!(key(&again), her_key);
    let done = press(&mut hers, &again, "confirm", &[("code", &shown(&her_key, START))]).await;
    assert_eq!((done.status, recovery_codes(&done).len()), (StatusCode::OK, 10), "{}", done.body);
}

/// The same at the login, where a second factor is required.
#[tokio::test]
async fn p30_a_set_up_that_another_login_began_is_neither_shown_nor_confirmed() {
    let mut required = unlimited();
    required.second_factor = SecondFactorPolicy::Required;
    let (app, ..) = site_with(required).await;
    let url = authorize_url(&app.public_client().await, &[]);
    for (which, code) in [("wrong", wrong as fn(&str, u64) -> String), ("right", shown)] {
        let (mut hers, mut theirs) = (Browser::new(&app), Browser::new(&app));
        let theirs_begun = log_in(&mut theirs, &url, "ann", PASSWORD).await;
        let hers_begun = log_in(&mut hers, &url, "ann", PASSWORD).await;
        let her_key = key(&hers_begun);
        assert_ne!(key(&theirs_begun), her_key);
        let refused = theirs.answer_login(&theirs_begun, &[("code", &code(&her_key, START))]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{which}: {}", refused.body);
        assert!(!refused.body.contains("secret="), "{which}: {}", refused.body);
        if which == "right" {
            let codes = hers.answer_login(&hers_begun, &[("code", &shown(&her_key, START))]).await;
            assert_eq!(recovery_codes(&codes).len(), 10, "{}", codes.body);
        }
    }
}

#[tokio::test]
async fn an_application_that_asks_for_two_factors_gets_them_and_one_that_asks_for_one_is_not_refused() {
    let (app, ..) = site_with(unlimited()).await;
    let client = app.public_client().await;
    let url = |acr: &str| authorize_url(&client, &[("acr_values", acr)]);
    let said = async |browser: &mut Browser, back: &Answer| {
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
        let consent = browser.get(back.header("location")).await;
        let code = browser.submit(&consent, "allow").await.param("code").unwrap();
        let tokens = app.token(&redeem(&client, &code)).await.json();
        app.claims(tokens["access_token"].as_str().unwrap())["acr"].as_str().unwrap().to_owned()
    };
    let mut browser = Browser::new(&app);
    let back = log_in(&mut browser, &url("urn:mcp-auth:pwd urn:mcp-auth:mfa"), "ann", PASSWORD).await;
    assert_eq!(said(&mut browser, &back).await, "urn:mcp-auth:pwd");
    // The login of before is not enough, and this person has no second factor yet. Whoever has the password sets up none here (RFC 9470 §5).
    let back = log_in(&mut browser, &url("urn:mcp-auth:mfa"), "ann", PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    browser.get(back.header("location")).await.assert_redirect_error("unmet_authentication_requirements");

    let (key, _) = set_up(&app, START).await;
    app.advance(60);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, &url("urn:mcp-auth:mfa")).await;
    let back = browser.answer_login(&form, &[("code", &shown(&key, START + 60))]).await;
    assert_eq!(said(&mut browser, &back).await, "urn:mcp-auth:mfa");
    app.advance(60);
    let mut browser = Browser::new(&app);
    let form = second_form(&mut browser, &url("urn:mcp-auth:pwd")).await;
    let back = browser.answer_login(&form, &[("code", &shown(&key, START + 120))]).await;
    assert_eq!(said(&mut browser, &back).await, "urn:mcp-auth:pwd");
}

/// What metadata says can be asked for is what tokens say, whether or not a second factor is asked of everybody.
#[tokio::test]
async fn the_values_of_acr_that_metadata_names_are_those_that_can_be_asked_for_and_that_tokens_say() {
    for second_factor in [SecondFactorPolicy::Optional, SecondFactorPolicy::Required] {
        let mut options = unlimited();
        options.second_factor = second_factor;
        let (app, ..) = site_with(options).await;
        let client = app.public_client().await;
        let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
        let named: Vec<String> = serde_json::from_value(metadata["acr_values_supported"].clone()).unwrap();
        assert_eq!(named, ["urn:mcp-auth:mfa", "urn:mcp-auth:pwd"], "{second_factor:?}");
        let mut browser = Browser::new(&app);
        let key = match second_factor {
            SecondFactorPolicy::Optional => set_up(&app, START).await.0,
            SecondFactorPolicy::Required => {
                // This login says the weaker one, which is not enough. Nobody allowed this client anything yet, so a page says it.
                let url = authorize_url(&client, &[("acr_values", &named[0])]);
                let setup = log_in(&mut browser, &url, "ann", PASSWORD).await;
                let key = key(&setup);
                let codes = browser.answer_login(&setup, &[("code", &shown(&key, START))]).await;
                let back = browser.answer_login(&codes, &[]).await;
                let refused = browser.get(back.header("location")).await;
                refused.assert_local_error(400);
                key
            }
        };
        for (asked, at) in named.iter().zip([START + 60, START + 120]) {
            app.advance(60);
            // Each of them is asked for anew, also by a browser that is logged in by the other one.
            let url = authorize_url(&client, &[("acr_values", asked), ("state", "another request")]);
            let form = second_form(&mut browser, &url).await;
            let back = browser.answer_login(&form, &[("code", &shown(&key, at))]).await;
            let consent = browser.get(back.header("location")).await;
            let code = browser.submit(&consent, "allow").await.param("code").unwrap();
            let tokens = app.token(&redeem(&client, &code)).await.json();
            let said = app.claims(tokens["access_token"].as_str().unwrap());
            assert_eq!(&said["acr"], asked, "{second_factor:?}");
        }
    }
}

#[tokio::test]
async fn a_page_of_this_server_names_no_application() {
    let (app, ..) = site().await;
    let page = Browser::new(&app).get(FACTORS).await;
    assert!(!page.body.contains("Application"), "{}", page.body);
}

/// They were made, and a page without them was shown: nobody saw them.
#[tokio::test]
async fn recovery_codes_that_were_made_are_shown_wherever_the_store_fails() {
    let mut required = unlimited();
    required.second_factor = SecondFactorPolicy::Required;
    for at_login in [false, true] {
        let options = if at_login { required } else { unlimited() };
        let mut seen_after_a_fault = 0;
        for steps in 0.. {
            let (app, operator, _, outage) = site_with(options).await;
            let mut browser = Browser::new(&app);
            let url = authorize_url(&app.public_client().await, &[]);
            let setup = match at_login {
                true => log_in(&mut browser, &url, "ann", PASSWORD).await,
                false => {
                    let page = overview(&mut browser).await;
                    press(&mut browser, &page, "begin", &[]).await
                }
            };
            let code = shown(&key(&setup), START);
            outage.begin_after(steps);
            let done = match at_login {
                true => browser.answer_login(&setup, &[("code", &code)]).await,
                false => press(&mut browser, &setup, "confirm", &[("code", &code)]).await,
            };
            let has_failed = outage.failed() > 0;
            outage.end();
            let kept = operator.list().await.unwrap()[0].state.recovery_codes;
            assert_eq!(recovery_codes(&done).len(), kept, "after {steps} steps: {}", done.body);
            if kept == 0 {
                continue;
            }
            let next = match at_login {
                true => browser.answer_login(&done, &[]).await,
                false => browser.get(&url).await,
            };
            if !has_failed {
                assert_eq!(kept, 10);
                let goes_on = next.status == StatusCode::SEE_OTHER || next.body.contains("value=\"allow\"");
                assert!(goes_on, "{}", next.body);
                break;
            }
            seen_after_a_fault += 1;
            assert_eq!(done.status, StatusCode::OK);
            assert!(next.body.contains("name=\"password\""), "the person logs in again: {}", next.body);
        }
        assert!(seen_after_a_fault > 0, "{at_login}");
    }
}
