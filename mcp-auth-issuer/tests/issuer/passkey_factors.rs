//! The page on which a person adds and removes passkeys, and the pages that run a script.

use std::sync::Arc;

use http::StatusCode;
use mcp_auth_core::SecretText;
use mcp_auth_issuer::{
    AccountsOptions, HttpFetch, IssuerError, IssuerOptions, IssuerReach, LocalIssuerSetup, LoginOptions,
    PasskeysPolicy, SecondFactorPolicy,
};
use mcp_auth_runtime::facade::DeniedIssued;
use serde_json::json;

use crate::accounts::{PASSWORD, log_in, site_with, unlimited};
use crate::authenticator::{Device, log_in_by, options, with};
use crate::fresh::fresh_outage;
use crate::harness::*;

const FACTORS: &str = "/account/factors";

/// The recovery codes that the page shows.
fn recovery_codes(page: &Answer) -> Vec<String> {
    let items = page.body.split("<li><code class=\"url\">").skip(1);
    items.map(|item| item.split_once('<').unwrap().0.to_owned()).collect()
}

/// Presses a button of the page.
async fn press(browser: &mut Browser, page: &Answer, decision: &str, more: &[(&str, &str)]) -> Answer {
    let csrf = csrf(page);
    let mut form = vec![("csrf", &*csrf), ("decision", decision)];
    let begun = hidden(page, "begun");
    form.extend(begun.as_deref().map(|begun| ("begun", begun)));
    form.extend(more);
    browser.post(FACTORS, &form).await
}

/// The page of a person who logs in for it with their password.
async fn overview(browser: &mut Browser, name: &str) -> Answer {
    let back = log_in(browser, FACTORS, name, PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    browser.get(FACTORS).await
}

/// The page of a person who logs in for it with the passkey of `device`.
async fn overview_by(browser: &mut Browser, device: &mut Device) -> Answer {
    let back = log_in_by(browser, FACTORS, device).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    browser.get(FACTORS).await
}

/// The person of this name, who has no second factor, adds the passkey of `device`; their recovery codes.
pub(crate) async fn add(browser: &mut Browser, name: &str, device: &mut Device) -> Vec<String> {
    let page = overview(browser, name).await;
    let setup = press(browser, &page, "begin-passkey", &[("name", "phone")]).await;
    let made = device.create(&setup).await;
    let done = press(browser, &setup, "add-passkey", &[("passkey", &made)]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    recovery_codes(&done)
}

/// What the page says of a passkey before it is removed.
fn removed(page: &Answer) -> String {
    hidden(page, "removed").unwrap_or_else(|| panic!("no passkey in {}", page.body))
}

#[tokio::test]
async fn a_person_adds_names_sees_and_removes_passkeys() {
    let (app, ..) = site_with(unlimited()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let (mut phone, mut key) = (Device::default(), Device::that_counts());
    let mut browser = Browser::new(&app);
    let codes = add(&mut browser, "ann", &mut phone).await;
    assert_eq!(codes.len(), 10);
    app.advance(120);
    let page = overview_by(&mut browser, &mut phone).await;
    for part in ["phone", "2 minutes ago", "just now", "10</strong> of your recovery codes"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let setup = press(&mut browser, &page, "begin-passkey", &[("name", " \u{201c}key\u{201d} <b> ")]).await;
    let asked = options(&setup);
    assert_eq!(asked["excludeCredentials"].as_array().unwrap().len(), 1);
    assert_eq!((&asked["user"]["name"], &asked["user"]["displayName"]), (&json!("ann"), &json!("Ann Lee")));
    assert_eq!((&asked["rp"]["id"], &asked["attestation"]), (&json!("localhost"), &json!("none")));
    assert!(phone.create_at(ISSUER, asked).await.is_none(), "it has one already");
    let made = key.create(&setup).await;
    let done = press(&mut browser, &setup, "add-passkey", &[("passkey", &made)]).await;
    assert!(
        done.body.contains("<p class=\"done\" role=\"status\">The passkey was added.</p>")
            && recovery_codes(&done).is_empty(),
        "{}",
        done.body
    );
    assert!(
        done.body.contains("\u{201c}key\u{201d} &lt;b&gt;") && done.body.contains("never"),
        "{}",
        done.body
    );
    for device in [&mut phone, &mut key] {
        assert_eq!(log_in_by(&mut Browser::new(&app), &url, device).await.status, StatusCode::SEE_OTHER);
    }
    // The first one on the page is the older one.
    let gone = press(&mut browser, &done, "remove-passkey", &[("removed", &removed(&done))]).await;
    assert!(gone.body.contains("does not log in any more"), "{}", gone.body);
    assert_eq!(log_in_by(&mut Browser::new(&app), &url, &mut phone).await.status, StatusCode::FORBIDDEN);
    assert_eq!(log_in_by(&mut Browser::new(&app), &url, &mut key).await.status, StatusCode::SEE_OTHER);
    // Without the last one the password is enough again, and the recovery codes are gone.
    let gone = press(&mut browser, &gone, "remove-passkey", &[("removed", &removed(&gone))]).await;
    assert!(
        gone.body.contains("password alone") && !gone.body.contains("recovery codes are left"),
        "{}",
        gone.body
    );
    let back = log_in(&mut Browser::new(&app), &url, "ann", PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn passkeys_are_changed_after_a_login_of_just_now_with_all_that_there_is() {
    let (app, ..) = site_with(unlimited()).await;
    let asks_to_log_in = |page: &Answer| page.body.contains("name=\"password\"");
    let mut device = Device::default();
    // Logged in with a password alone before there was a passkey.
    let mut early = Browser::new(&app);
    let page = overview(&mut early, "ann").await;
    let begun = press(&mut early, &page, "begin-passkey", &[]).await;
    let made = Device::default().create(&begun).await;
    add(&mut Browser::new(&app), "ann", &mut device).await;
    for (page, decision) in [(&page, "begin-passkey"), (&page, "remove-passkey"), (&begun, "add-passkey")] {
        let answer = press(&mut early, page, decision, &[("passkey", &made)]).await;
        assert!(asks_to_log_in(&answer), "{decision}: {}", answer.body);
    }
    let mut browser = Browser::new(&app);
    let page = overview_by(&mut browser, &mut device).await;
    let begun = press(&mut browser, &page, "begin-passkey", &[]).await;
    let made = Device::default().create(&begun).await;
    app.advance(5 * 60 + 1);
    let named = removed(&page);
    for (page, decision) in [(&page, "begin-passkey"), (&page, "remove-passkey"), (&begun, "add-passkey")] {
        let answer = press(&mut browser, page, decision, &[("passkey", &made), ("removed", &named)]).await;
        assert!(asks_to_log_in(&answer), "{decision}: {}", answer.body);
    }
    let page = overview_by(&mut browser, &mut device).await;
    assert_eq!(page.body.matches("value=\"remove-passkey\"").count(), 1, "{}", page.body);
}

#[tokio::test]
async fn a_change_of_passkeys_ends_other_logins_and_no_form_of_another_site_makes_one() {
    let (app, ..) = site_with(unlimited()).await;
    let mut device = Device::default();
    add(&mut Browser::new(&app), "ann", &mut device).await;
    let (mut hers, mut other) = (Browser::new(&app), Browser::new(&app));
    let page = overview_by(&mut hers, &mut device).await;
    overview_by(&mut other, &mut device).await;
    let is_logged_in =
        async |browser: &mut Browser| browser.get("/account").await.body.contains("value=\"logout\"");
    hers.origin = Some("https://evil.example".into());
    for decision in ["begin-passkey", "add-passkey", "remove-passkey"] {
        let answer = press(&mut hers, &page, decision, &[("removed", &removed(&page))]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{decision}");
        let answer = press(&mut Browser::new(&app), &page, decision, &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{decision}");
    }
    hers.origin = Some(ISSUER.into());
    let setup = press(&mut hers, &page, "begin-passkey", &[]).await;
    assert!(is_logged_in(&mut other).await);
    let mut second = Device::default();
    let made = second.create(&setup).await;
    let done = press(&mut hers, &setup, "add-passkey", &[("passkey", &made)]).await;
    assert!(is_logged_in(&mut hers).await && !is_logged_in(&mut other).await);
    overview_by(&mut other, &mut second).await;
    press(&mut hers, &done, "remove-passkey", &[("removed", &removed(&done))]).await;
    assert!(!is_logged_in(&mut other).await);
}

#[tokio::test]
async fn a_passkey_is_added_once_where_it_was_begun_and_by_its_person() {
    let (app, operator, ..) = site_with(unlimited()).await;
    operator.add("bob", None, Some(&SecretText::new(PASSWORD))).await.unwrap();
    let (mut hers, mut also_hers, mut his) = (Browser::new(&app), Browser::new(&app), Browser::new(&app));
    let her_page = overview(&mut hers, "ann").await;
    let also_page = overview(&mut also_hers, "ann").await;
    let his_page = overview(&mut his, "bob").await;
    let mut device = Device::default();
    for (browser, page) in [(&mut also_hers, &also_page), (&mut his, &his_page)] {
        let setup = press(&mut hers, &her_page, "begin-passkey", &[]).await;
        let made = device.create(&setup).await;
        let begun = hidden(&setup, "begun").unwrap();
        let more = [("begun", &*begun), ("passkey", &*made)];
        assert_eq!(press(browser, page, "add-passkey", &more).await.status, StatusCode::CONFLICT);
        // Who was refused took it away.
        assert_eq!(press(&mut hers, &her_page, "add-passkey", &more).await.status, StatusCode::CONFLICT);
    }
    let setup = press(&mut hers, &her_page, "begin-passkey", &[]).await;
    let mut device = Device::default();
    let made = device.create(&setup).await;
    let mut twin = hers.clone();
    let done = press(&mut hers, &setup, "add-passkey", &[("passkey", &made)]).await;
    assert_eq!((done.status, recovery_codes(&done).len()), (StatusCode::OK, 10), "{}", done.body);
    let again = press(&mut twin, &setup, "add-passkey", &[("passkey", &made)]).await;
    assert!(again.body.contains("name=\"password\""), "the login of before ended: {}", again.body);
    // Nor is it taken for another account.
    let setup = press(&mut his, &his_page, "begin-passkey", &[]).await;
    let his_made = press(&mut his, &setup, "add-passkey", &[("passkey", &made)]).await;
    assert_eq!(his_made.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", his_made.body);
    // And in time.
    let setup = press(&mut his, &his_page, "begin-passkey", &[]).await;
    let made = Device::default().create(&setup).await;
    app.advance(10 * 60);
    let page = overview(&mut his, "bob").await;
    let more = [("begun", &*hidden(&setup, "begun").unwrap()), ("passkey", &made)];
    let late = press(&mut his, &page, "add-passkey", &more).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
}

#[tokio::test]
async fn an_answer_that_makes_no_passkey_for_this_page_is_refused() {
    let (app, ..) = site_with(unlimited()).await;
    let mut browser = Browser::new(&app);
    let page = overview(&mut browser, "ann").await;
    let begin = async |browser: &mut Browser| press(browser, &page, "begin-passkey", &[]).await;
    let mut wrong: Vec<(Answer, String)> = Vec::new();
    for origin in ["http://localhost:8081", "https://localhost:8080"] {
        let setup = begin(&mut browser).await;
        let made = Device::default().create_at(origin, options(&setup)).await.unwrap();
        wrong.push((setup, made));
    }
    let setup = begin(&mut browser).await;
    let mut other = options(&setup);
    other["challenge"] = json!("AAECAwQFBgcICQoLDA0ODw");
    let made = Device::default().create_at(ISSUER, other).await.unwrap();
    wrong.push((setup, made));
    let setup = begin(&mut browser).await;
    let mut other = options(&setup);
    other["rp"]["id"] = json!("evil.example");
    let made = Device::default().create_at("https://evil.example", other).await.unwrap();
    wrong.push((setup, made));
    for (name, value) in [("id", json!("AAAA")), ("attestationObject", json!("oA")), ("more", json!(1))] {
        let setup = begin(&mut browser).await;
        let made = Device::default().create(&setup).await;
        wrong.push((setup, with(&made, name, value)));
    }
    for garbage in ["", "x", "{}"] {
        wrong.push((begin(&mut browser).await, garbage.to_owned()));
    }
    for (setup, made) in wrong {
        let refused = press(&mut browser, &setup, "add-passkey", &[("passkey", &made)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{made}: {}", refused.body);
        assert!(refused.body.contains("it was not added"), "{}", refused.body);
    }
    for name in ["a\u{202e}b", "a\nb", &"n".repeat(61)] {
        let refused = press(&mut browser, &page, "begin-passkey", &[("name", name)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}: {}", refused.body);
    }
    assert!(!browser.get(FACTORS).await.body.contains("remove-passkey"));
    // A page that nobody was shown, and a passkey that nobody has.
    for (decision, field) in [("add-passkey", "begun"), ("remove-passkey", "removed")] {
        for value in ["", "x", &"0a".repeat(32)] {
            let answer = press(&mut browser, &page, decision, &[(field, value)]).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{decision} {value}");
        }
    }
}

#[tokio::test]
async fn where_a_second_factor_is_required_the_last_one_stays() {
    let mut required = unlimited();
    required.second_factor = SecondFactorPolicy::Required;
    let (optional, _, store, _) = site_with(unlimited()).await;
    let (mut one, mut two) = (Device::default(), Device::default());
    add(&mut Browser::new(&optional), "ann", &mut one).await;
    let (app, _) = App::with_accounts(&store, required);
    let mut browser = Browser::new(&app);
    let page = overview_by(&mut browser, &mut one).await;
    let last = removed(&page);
    let kept = press(&mut browser, &page, "remove-passkey", &[("removed", &last)]).await;
    assert_eq!(kept.status, StatusCode::CONFLICT, "{}", kept.body);
    let setup = press(&mut browser, &page, "begin-passkey", &[]).await;
    let made = two.create(&setup).await;
    let done = press(&mut browser, &setup, "add-passkey", &[("passkey", &made)]).await;
    let gone = press(&mut browser, &done, "remove-passkey", &[("removed", &last)]).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.body);
    let kept = press(&mut browser, &gone, "remove-passkey", &[("removed", &removed(&gone))]).await;
    assert_eq!(kept.status, StatusCode::CONFLICT, "{}", kept.body);
}

#[tokio::test]
async fn only_pages_with_passkeys_run_a_script_and_that_one_alone() {
    let (app, ..) = site_with(unlimited()).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = Browser::new(&app);
    let login = browser.get(&url).await;
    let page = overview(&mut browser, "ann").await;
    let setup = press(&mut browser, &page, "begin-passkey", &[]).await;
    let mut device = Device::default();
    let made = device.create(&setup).await;
    let codes = press(&mut browser, &setup, "add-passkey", &[("passkey", &made)]).await;
    let second = log_in(&mut Browser::new(&app), &url, "ann", PASSWORD).await;
    let account = browser.get("/account").await;
    let consent = browser.get(&url).await;
    assert!(consent.body.contains("value=\"allow\""), "{}", consent.body);
    let with_script =
        "default-src 'none'; script-src http://localhost:8080/authorize/passkeys.js; style-src 'sha256-";
    for (page, runs) in [
        (&login, true),
        (&setup, true),
        (&second, true),
        (&page, false),
        (&codes, false),
        (&account, false),
        (&consent, false),
        (&browser.get("/authorize?client_id=nobody").await, false),
    ] {
        let policy = page.header("content-security-policy");
        assert_eq!(policy.starts_with(with_script), runs, "{policy}: {}", page.body);
        assert_eq!(policy.contains("script-src"), runs, "{policy}");
        let last = if page.body.contains("<form") { "" } else { "; form-action 'none'" };
        assert!(policy.ends_with(&format!("'; frame-ancestors 'none'; base-uri 'none'{last}")), "{policy}");
        let scripts = page.body.matches("<script").count();
        assert_eq!(scripts, usize::from(runs), "{}", page.body);
        let own =
            page.body.matches("<script src=\"/authorize/passkeys.js\" type=\"module\"></script>").count();
        assert_eq!(own, scripts, "{}", page.body);
        assert!(!page.body.contains(" onclick") && !page.body.contains("javascript:"));
    }
    let script = app.get("/authorize/passkeys.js").await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(script.header("x-content-type-options"), "nosniff");
    assert_eq!(script.header("cross-origin-resource-policy"), "same-origin");
    for dangerous in ["eval(", "innerHTML", "fetch(", "XMLHttpRequest", "import("] {
        assert!(
            script.body.contains("navigator.credentials") && !script.body.contains(dangerous),
            "{dangerous}"
        );
    }
    let missing = App::new().get("/authorize/passkeys.js").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "where nobody has an account, it is not there");
}

/// Without scripts the button is not there, and the form for name and password is as it was.
#[tokio::test]
async fn what_needs_the_script_is_hidden_until_it_runs() {
    let (app, ..) = site_with(unlimited()).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&authorize_url(&app.public_client().await, &[])).await;
    assert!(page.body.contains("<div class=\"passkey\" hidden data-passkey=\"get\""), "{}", page.body);
    let filled = [("username", "ann"), ("password", PASSWORD), ("passkey", ""), ("challenge", "")];
    assert_eq!(browser.answer_login(&page, &filled).await.status, StatusCode::SEE_OTHER);
    let page = overview(&mut browser, "ann").await;
    let setup = press(&mut browser, &page, "begin-passkey", &[]).await;
    assert!(
        setup.body.contains("<noscript>")
            && setup.body.contains("<div class=\"passkey\" hidden data-passkey=\"create\"")
    );
}

#[test]
fn at_an_ip_address_there_are_no_passkeys_and_who_asks_for_them_is_told() {
    let built = |issuer: &str, passkeys: PasskeysPolicy| {
        let clock = mcp_auth_tests::clock::MovedClock::at(START);
        let setup = LocalIssuerSetup {
            issuer: issuer.parse().unwrap(),
            reach: IssuerReach::ThisComputer,
            resource: RESOURCE.parse().unwrap(),
            server_name: "todos".into(),
            brand: mcp_auth_issuer::Brand::named("todos"),
            scopes: Default::default(),
            families: Default::default(),
            hierarchy: Default::default(),
            default_scopes: Default::default(),
            ambient: clock.ambient(),
            store: fresh_outage().store(),
            denied: DeniedIssued::nothing(),
            fetch: Arc::new(HttpFetch::new().unwrap()),
        };
        let mut accounts = AccountsOptions::default();
        accounts.passkeys = passkeys;
        let mut options = IssuerOptions::ephemeral();
        options.login = LoginOptions::Accounts(accounts);
        mcp_auth_issuer::build(setup, options)
    };
    let Err(refused) = built("http://127.0.0.1:8080", PasskeysPolicy::On) else { panic!("it starts") };
    assert!(matches!(refused, IssuerError::PasskeysAtAddress(_)));
    assert!(refused.to_string().contains("which authenticators do not take"), "{refused}");
    for passkeys in [PasskeysPolicy::WherePossible, PasskeysPolicy::Off] {
        assert!(built("http://127.0.0.1:8080", passkeys).is_ok());
    }
    assert!(built("http://localhost:8080", PasskeysPolicy::On).is_ok());
}

/// They were made, and a page without them was shown: nobody saw them.
#[tokio::test]
async fn recovery_codes_of_the_first_passkey_are_shown_wherever_the_store_fails() {
    let mut seen_after_a_fault = 0;
    for steps in 0.. {
        let (app, operator, _, outage) = site_with(unlimited()).await;
        let mut browser = Browser::new(&app);
        let page = overview(&mut browser, "ann").await;
        let setup = press(&mut browser, &page, "begin-passkey", &[]).await;
        let made = Device::default().create(&setup).await;
        outage.begin_after(steps);
        let done = press(&mut browser, &setup, "add-passkey", &[("passkey", &made)]).await;
        let has_failed = outage.failed() > 0;
        outage.end();
        let kept = operator.list().await.unwrap()[0].state.recovery_codes;
        assert_eq!(recovery_codes(&done).len(), kept, "after {steps} steps: {}", done.body);
        if !has_failed {
            assert_eq!(kept, 10);
            let url = authorize_url(&app.public_client().await, &[]);
            assert!(browser.get(&url).await.body.contains("value=\"allow\""), "the login goes on");
            break;
        }
        seen_after_a_fault += usize::from(kept > 0);
    }
    assert!(seen_after_a_fault > 0);
}
