//! People log in with accounts in the store.

use std::sync::Arc;

use http::StatusCode;
use mcp_auth_core::SecretText;
use mcp_auth_issuer::{
    AccountsLogin, AccountsOptions, DeniedIssued, HttpFetch, IssuerError, IssuerOptions, LoginOptions,
    ManageError,
};
use mcp_auth_store::{AccountChange, Caps, Changed, KnownRevocations, Outage, Revocable, SecretHash, Store};

use crate::fresh::fresh_outage;
use crate::harness::*;

pub(crate) const PASSWORD: &str = "some words of hers";

/// An issuer with the account `ann`.
pub(crate) async fn site() -> (App, AccountsLogin, Store, Outage) {
    site_with(AccountsOptions::default()).await
}

pub(crate) async fn site_with(options: AccountsOptions) -> (App, AccountsLogin, Store, Outage) {
    let outage = fresh_outage();
    let store = outage.store();
    let (app, operator) = App::with_accounts(&store, options);
    let added = operator.add("ann", Some("Ann Lee"), Some(&SecretText::new(PASSWORD))).await.unwrap();
    assert!(added.is_none());
    (app, operator, store, outage)
}

/// Many attempts, which no test about something else runs into.
pub(crate) fn unlimited() -> AccountsOptions {
    let mut options = AccountsOptions::default();
    options.attempts_per_account = 1000;
    options.attempts_per_address = 10_000;
    options
}

/// Opens the page of a request, and answers its login form.
pub(crate) async fn log_in(browser: &mut Browser, url: &str, name: &str, password: &str) -> Answer {
    let page = browser.get(url).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    browser.answer_login(&page, &[("username", name), ("password", password)]).await
}

/// Logs in with a password alone and allows the request; the token response.
async fn tokens(app: &App, client: &str) -> serde_json::Value {
    let mut browser = Browser::new(app);
    let code = code(&mut browser, client).await;
    let answer = app.token(&redeem(client, &code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

async fn code(browser: &mut Browser, client: &str) -> String {
    let back = log_in(browser, &authorize_url(client, &[]), "ann", PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let consent = browser.get(back.header("location")).await;
    browser.submit(&consent, "allow").await.param("code").expect("a code")
}

fn refresh<'a>(client: &'a str, tokens: &'a serde_json::Value) -> Vec<(&'a str, &'a str)> {
    let token = tokens["refresh_token"].as_str().unwrap();
    vec![("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]
}

/// The page, without what is different each time.
fn same_each_time(page: &Answer) -> String {
    page.body.replace(&csrf(page), "").replace(&hidden(page, "challenge").unwrap_or_default(), "")
}

#[tokio::test]
async fn a_person_logs_in_with_name_and_password_and_the_token_says_how() {
    let (app, ..) = site().await;
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    // Capital letters and spaces that a keyboard adds make no other name.
    let back = log_in(&mut browser, &authorize_url(&client, &[]), " Ann ", PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let consent = browser.get(back.header("location")).await;
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let tokens = app.token(&redeem(&client, &code)).await.json();
    let claims = app.claims(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["team"]), (&"ann".into(), &"a".into()));
    assert_eq!((&claims["acr"], &claims["amr"]), (&"urn:mcp-auth:pwd".into(), &serde_json::json!(["pwd"])));
    assert_eq!(claims["auth_time"], START);
    assert_eq!(app.token(&refresh(&client, &tokens)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_form_is_for_password_managers_and_takes_a_hint_that_shows_what_it_is() {
    let (app, ..) = site().await;
    let client = app.public_client().await;
    let shown = async |hint: &str| {
        Browser::new(&app).get(&authorize_url(&client, &[("login_hint", hint)])).await.body
    };
    let page = shown("ann\"><b>").await;
    for part in
        ["autocomplete=\"username\"", "autocomplete=\"current-password\"", "value=\"ann&quot;&gt;&lt;b&gt;\""]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    for hint in ["", "an\u{202e}n", &"a".repeat(101)] {
        assert!(!shown(hint).await.contains("name=\"username\" value"), "{hint:?}");
    }
}

#[tokio::test]
async fn p30_whatever_is_wrong_the_answer_is_the_same() {
    let (app, operator, ..) = site_with(unlimited()).await;
    let password = SecretText::new(PASSWORD);
    operator.add("disabled", None, Some(&password)).await.unwrap();
    operator.disable("disabled").await.unwrap();
    app.is_public("disabled");
    operator.add("waits", None, None).await.unwrap();
    let url = authorize_url(&app.public_client().await, &[]);
    let mut answers = Vec::new();
    for (name, password) in [
        ("ann", "not her password"),
        ("nobody", PASSWORD),
        ("disabled", PASSWORD),
        ("disabled", "x"),
        ("waits", PASSWORD),
        ("", PASSWORD),
        ("ann", ""),
        (&*"n".repeat(500), PASSWORD),
        ("ann", &"p".repeat(500)),
    ] {
        let mut browser = Browser::new(&app);
        let refused = log_in(&mut browser, &url, name, password).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}");
        assert!(refused.body.contains("The name or the password is not right."), "{}", refused.body);
        assert!(password.len() < 8 || !refused.body.contains(password));
        answers.push(same_each_time(&refused));
        let again = browser.get(&url).await;
        assert!(again.body.contains("name=\"password\""), "{}", again.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

#[tokio::test]
async fn p30_brute_force_gets_429_for_known_and_unknown_names_alike_and_others_log_in() {
    let (app, operator, ..) = site().await;
    operator.add("bob", None, Some(&SecretText::new(PASSWORD))).await.unwrap();
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    let attempt = async |from: &str, name: &str, password: &str| {
        let mut browser = Browser::new(&app);
        browser.address = from.parse().ok();
        log_in(&mut browser, &url, name, password).await
    };
    let mut pages = Vec::new();
    for name in ["ann", "nobody"] {
        for n in 0..5 {
            let refused = attempt(&format!("192.0.2.{n}"), name, &format!("guess number {n}")).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name} {n}");
        }
        // The right password does not count either, or a guesser would find it out.
        let refused = attempt("192.0.2.9", name, PASSWORD).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.header("retry-after"), "12");
        pages.push(same_each_time(&refused));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(attempt("192.0.2.9", "bob", PASSWORD).await.status, StatusCode::SEE_OTHER);
    app.advance(12);
    assert_eq!(attempt("192.0.2.9", "ann", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn p30_one_address_tries_many_names_in_vain_and_an_ipv6_network_is_one() {
    let (app, ..) = site().await;
    let url = authorize_url(&app.public_client().await, &[]);
    let attempt = async |from: &str, name: &str| {
        let mut browser = Browser::new(&app);
        browser.address = from.parse().ok();
        log_in(&mut browser, &url, name, PASSWORD).await.status
    };
    for n in 0..30 {
        let refused = attempt(&format!("2001:db8::{n:x}"), &format!("name {n}")).await;
        assert_eq!(refused, StatusCode::FORBIDDEN, "{n}");
    }
    assert_eq!(attempt("2001:db8::ffff", "ann").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(attempt("2001:db8:0:1::1", "ann").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn p30_an_identifier_that_was_planted_in_the_browser_is_not_that_of_the_login() {
    let (app, ..) = site().await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut attacker = Browser::new(&app);
    attacker.get(&url).await;
    let mut victim = attacker.clone();
    let back = log_in(&mut victim, &url, "ann", PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    assert_ne!(attacker.cookies.header(), victim.cookies.header());
    assert!(victim.get(&url).await.body.contains("value=\"allow\""));
    assert!(!attacker.get(&url).await.body.contains("value=\"allow\""));
}

#[tokio::test]
async fn one_who_is_disabled_cannot_log_in_nor_refresh_and_their_tokens_die() {
    let (app, operator, store, _) = site_with(unlimited()).await;
    let client = app.public_client().await;
    let tokens = tokens(&app, &client).await;
    let mut browser = Browser::new(&app);
    let waiting = code(&mut browser, &client).await;
    let url = authorize_url(&client, &[]);
    assert!(browser.get(&url).await.body.contains("value=\"allow\""));

    operator.disable("ANN").await.unwrap();
    app.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
    app.token(&redeem(&client, &waiting)).await.assert_error(400, "invalid_grant");
    assert!(browser.get(&url).await.body.contains("name=\"password\""));
    let refused = log_in(&mut Browser::new(&app), &url, "ann", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let claims = app.claims(tokens["access_token"].as_str().unwrap());
    let token = Revocable {
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: false,
        grant_id: None,
        jti: None,
        subject: claims["sub"].as_str().unwrap(),
        client_id: None,
        iat: claims["iat"].as_u64().unwrap(),
    };
    assert!(store.revocations().is_revoked(token).await.unwrap());

    // What ended does not come back with the account.
    operator.enable("ann").await.unwrap();
    app.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
    assert!(browser.get(&url).await.body.contains("name=\"password\""));
    app.advance(1);
    let back = log_in(&mut browser, &url, "ann", PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
}

/// As if a process had been between two steps when the account was disabled.
#[tokio::test]
async fn what_outlives_the_end_of_a_person_by_a_race_is_refused_where_it_is_used() {
    let (app, operator, store, _) = site_with(unlimited()).await;
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let waiting = code(&mut browser, &client).await;
    let disable = AccountChange::Disable;
    let id = SecretHash::of("ann");
    store.accounts().change(id, disable, START).await.unwrap();
    assert!(browser.get(&authorize_url(&client, &[])).await.body.contains("name=\"password\""));
    app.token(&redeem(&client, &waiting)).await.assert_error(400, "invalid_grant");
    assert!(store.grants().of_person("ann", 10, START).await.unwrap().is_empty());
    drop(operator);
}

/// As if it was between two steps when the account was changed, and the person could log in again before it was used.
#[tokio::test]
async fn what_outlives_a_change_by_a_race_is_refused_though_its_person_can_log_in_again() {
    let device = |options: &mut IssuerOptions| crate::device::devices(options);
    let link = || mcp_auth_store::ResetLink { secret: SecretHash::of("link"), expires_at: u64::MAX };
    let by_link =
        || AccountChange::PasswordByLink { link: link().secret, password: SecretText::new("a PHC string") };
    for (changes, is_refused) in [
        (vec![], false),
        (vec![AccountChange::Disable, AccountChange::Enable], true),
        (vec![AccountChange::Reset { link: link(), and_factors: false }, by_link()], true),
        (vec![AccountChange::Password(SecretText::new("a PHC string"))], true),
    ] {
        let store = fresh_outage().store();
        let (app, operator) = App::with_accounts_and(&store, unlimited(), device);
        operator.add("ann", None, Some(&SecretText::new(PASSWORD))).await.unwrap();
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let waiting = code(&mut browser, &client).await;
        let (device_code, user_code) = crate::device::television(&app).await;
        let page = browser.get(crate::device::PAGE).await;
        let consent = crate::device::enter(&mut browser, &page, &user_code).await;
        let allowed = browser.submit(&consent, "allow").await;
        assert_eq!(allowed.status, StatusCode::OK, "{}", allowed.body);
        let why = format!("{changes:?}");
        for change in changes {
            let changed = store.accounts().change(SecretHash::of("ann"), change, START).await.unwrap();
            assert_eq!(changed, Changed::Done, "{why}");
        }
        let page = browser.get(&authorize_url(&client, &[])).await;
        assert_eq!(page.body.contains("name=\"password\""), is_refused, "{why}");
        let poll =
            [("grant_type", crate::device::GRANT), ("client_id", "tv"), ("device_code", &*device_code)];
        for form in [&redeem(&client, &waiting)[..], &poll] {
            let answer = app.token(form).await;
            match is_refused {
                true => answer.assert_error(400, "invalid_grant"),
                false => assert_eq!(answer.status, StatusCode::OK, "{}", answer.body),
            }
        }
        let grants = store.grants().of_person("ann", 10, START).await.unwrap().len();
        assert_eq!(grants, if is_refused { 0 } else { 2 }, "{why}");
    }
}

#[tokio::test]
async fn p40_a_link_sets_a_password_once_that_is_not_tried_first_and_nobody_is_logged_in_meanwhile() {
    let (app, operator, ..) = site_with(unlimited()).await;
    let client = app.public_client().await;
    let tokens = tokens(&app, &client).await;
    let url = authorize_url(&client, &[]);
    let link = operator.reset("ann", false).await.unwrap();
    let link = link.path.expose();
    app.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
    let refused = log_in(&mut Browser::new(&app), &url, "ann", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let mut browser = Browser::new(&app);
    let page = browser.get(link).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.contains("autocomplete=\"new-password\"") && page.body.contains("value=\"ann\""));
    let set = async |browser: &mut Browser, password: &str, again: &str| {
        let page = browser.get(link).await;
        let csrf = csrf(&page);
        browser.post(link, &[("csrf", &csrf), ("password", password), ("again", again)]).await
    };
    for (password, again, why) in [
        ("short", "short", "at least 12 characters"),
        ("", "", "at least 12 characters"),
        (&*"long ".repeat(60), &*"long ".repeat(60), "at most 128 characters"),
        ("121212121212", "121212121212", "different characters"),
        ("annannannabcd!", "annannannabcd!", "the name of the account, or little more"),
        ("Todos-2026!!", "Todos-2026!!", "the name or the address of this server, or little more"),
        ("localhost123", "localhost123", "the name or the address of this server, or little more"),
        ("P@ssw0rd2026", "P@ssw0rd2026", "many people choose, or little more"),
        ("a new one of hers", "a new one of his", "not the same"),
    ] {
        let refused = set(&mut browser, password, again).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert!(refused.body.contains(why), "{why}: {}", refused.body);
    }
    let done = set(&mut browser, "a new one of hers", "a new one of hers").await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    for answer in [
        browser.get(link).await,
        browser.post(link, &[("password", "x")]).await,
        browser.get("/authorize/reset").await,
    ] {
        assert_eq!(answer.status, StatusCode::GONE, "{}", answer.body);
    }
    let old = log_in(&mut Browser::new(&app), &url, "ann", PASSWORD).await;
    assert_eq!(old.status, StatusCode::FORBIDDEN);
    app.advance(1);
    let new = log_in(&mut Browser::new(&app), &url, "ann", "a new one of hers").await;
    assert_eq!(new.status, StatusCode::SEE_OTHER);
}

/// Who had the password may have said so.
#[tokio::test]
async fn a_consent_that_is_remembered_does_not_outlive_a_reset_or_a_disabled_account() {
    let (app, operator, store, _) = site_with(unlimited()).await;
    let web = "https://client.example/cb";
    let client = app.register(&metadata(&[web], "none")).await.json()["client_id"].clone();
    let client = client.as_str().unwrap();
    let url = authorize_url(client, &[("redirect_uri", web)]);
    let asked = |answer: &Answer| answer.body.contains("value=\"allow\"");
    let at_page = async || {
        let mut browser = Browser::new(&app);
        let back = log_in(&mut browser, &url, "ann", PASSWORD).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
        let page = browser.get(back.header("location")).await;
        (browser, page)
    };
    let remember = async || {
        let (mut browser, consent) = at_page().await;
        assert!(asked(&consent), "{}", consent.body);
        let back = browser.submit_with(&consent, "allow", &[("remember", "yes")]).await;
        assert!(back.param("code").is_some(), "{}", back.body);
        assert!(at_page().await.1.param("code").is_some(), "it is remembered");
    };
    remember().await;
    operator.disable("ann").await.unwrap();
    operator.enable("ann").await.unwrap();
    app.advance(1);
    remember().await;
    let link = operator.reset("ann", false).await.unwrap();
    assert!(store.consents().allowed("ann", client).await.unwrap().is_empty());
    let mut browser = Browser::new(&app);
    let page = browser.get(link.path.expose()).await;
    let form = [("csrf", &*csrf(&page)), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(browser.post(link.path.expose(), &form).await.status, StatusCode::OK);
    app.advance(1);
    assert!(asked(&at_page().await.1));
}

#[tokio::test]
async fn a_link_works_for_a_day_until_a_newer_one_is_made() {
    let (app, operator, ..) = site().await;
    let first = operator.add("bob", None, None).await.unwrap().expect("a link");
    assert_eq!(first.expires_at, START + 24 * 60 * 60);
    let status = async |link: &str| Browser::new(&app).get(link).await.status;
    assert_eq!(status(first.path.expose()).await, StatusCode::OK);
    let second = operator.reset("Bob", false).await.unwrap();
    assert_eq!(status(first.path.expose()).await, StatusCode::GONE);
    assert_eq!(status(second.path.expose()).await, StatusCode::OK);
    // Not that of another account, nor one that was cut.
    let other = operator.reset("ann", false).await.unwrap();
    let (account, secret) =
        (first.path.expose().split_once('.').unwrap().0, other.path.expose().split_once('.').unwrap().1);
    for bad in [
        format!("{account}.{secret}"),
        second.path.expose()[..60].to_owned(),
        format!("{}&token=x", second.path.expose()),
    ] {
        assert_eq!(status(&bad).await, StatusCode::GONE, "{bad}");
    }
    app.advance(24 * 60 * 60 - 1);
    assert_eq!(status(second.path.expose()).await, StatusCode::OK);
    app.advance(1);
    assert_eq!(status(second.path.expose()).await, StatusCode::GONE);
    let third = operator.reset("bob", false).await.unwrap();
    operator.disable("bob").await.unwrap();
    operator.enable("bob").await.unwrap();
    assert_eq!(status(third.path.expose()).await, StatusCode::GONE);
}

#[tokio::test]
async fn no_form_of_another_site_sets_a_password() {
    let (app, operator, ..) = site().await;
    let link = operator.reset("ann", false).await.unwrap();
    let form = |csrf: &str| {
        [
            ("csrf", csrf.to_owned()),
            ("password", "one of the attacker".into()),
            ("again", "one of the attacker".into()),
        ]
    };
    let post = async |browser: &mut Browser, csrf: &str| {
        let form = form(csrf);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(link.path.expose(), &form).await
    };
    let mut browser = Browser::new(&app);
    let page = browser.get(link.path.expose()).await;
    let token = csrf(&page);
    for origin in ["https://evil.example", "null"] {
        browser.origin = Some(origin.to_owned());
        assert_eq!(post(&mut browser, &token).await.status, StatusCode::FORBIDDEN);
    }
    browser.origin = Some(ISSUER.to_owned());
    assert_eq!(post(&mut Browser::new(&app), &token).await.status, StatusCode::FORBIDDEN);
    assert_eq!(post(&mut browser, "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(post(&mut browser, &token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_deleted_person_is_gone_and_the_name_is_not_given_again() {
    let (app, operator, store, _) = site_with(unlimited()).await;
    let client = app.public_client().await;
    let tokens = tokens(&app, &client).await;
    let mut browser = Browser::new(&app);
    let waiting = code(&mut browser, &client).await;
    operator.people(ISSUER).delete("Ann").await.unwrap();

    app.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
    app.token(&redeem(&client, &waiting)).await.assert_error(400, "invalid_grant");
    let url = authorize_url(&client, &[]);
    assert!(browser.get(&url).await.body.contains("name=\"password\""));
    assert_eq!(log_in(&mut browser, &url, "ann", PASSWORD).await.status, StatusCode::FORBIDDEN);
    assert!(store.consents().allowed("ann", &client).await.unwrap().is_empty());
    assert!(operator.list().await.unwrap().is_empty());
    for name in ["ann", "ANN"] {
        assert!(matches!(operator.add(name, None, None).await, Err(ManageError::WasDeleted)));
        assert!(matches!(operator.people(ISSUER).delete(name).await, Err(ManageError::Nobody)));
    }
}

#[tokio::test]
async fn an_operator_is_told_what_cannot_be() {
    let (_, operator, ..) = site().await;
    let password = SecretText::new("short");
    assert!(matches!(operator.add("Ann", None, None).await, Err(ManageError::Exists)));
    assert!(matches!(operator.add(" ann", None, None).await, Err(ManageError::Name(_))));
    assert!(matches!(operator.add("bob", Some("\u{202e}"), None).await, Err(ManageError::DisplayName)));
    assert!(matches!(operator.add("bob", None, Some(&password)).await, Err(ManageError::Password(_))));
    for unknown in [
        operator.disable("bob").await,
        operator.enable("bob").await,
        operator.reset("bob", false).await.map(drop),
    ] {
        assert!(matches!(unknown, Err(ManageError::Unknown)));
    }
    operator.add("Bob", Some("Robert"), None).await.unwrap();
    let listed = operator.list().await.unwrap();
    let names: Vec<_> = listed.iter().map(|line| (&*line.name, line.state.has_password)).collect();
    assert_eq!(names, [("Bob", false), ("ann", true)]);
}

#[tokio::test]
async fn while_the_store_is_down_nobody_logs_in_and_every_page_says_so() {
    let (app, operator, _, outage) = site().await;
    let url = authorize_url(&app.public_client().await, &[]);
    let link = operator.reset("ann", false).await.unwrap();
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    let reset = browser.get(link.path.expose()).await;
    outage.begin();
    let answers = [
        browser.answer_login(&page, &[("username", "ann"), ("password", PASSWORD)]).await,
        browser.get(link.path.expose()).await,
        browser
            .post(link.path.expose(), &[("csrf", &csrf(&reset)), ("password", PASSWORD), ("again", PASSWORD)])
            .await,
        browser.get("/account/factors").await,
    ];
    for answer in answers {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
        assert!(!answer.body.contains(Outage::CAUSE), "{}", answer.body);
    }
    assert!(matches!(operator.disable("ann").await, Err(ManageError::Store(_))));
    outage.end();
    assert_eq!(browser.get(link.path.expose()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn accounts_do_not_start_on_a_store_that_is_lost_with_the_process() {
    let clock = mcp_auth_tests::clock::MovedClock::at(START);
    let setup = |store| mcp_auth_issuer::LocalIssuerSetup {
        issuer: ISSUER.parse().unwrap(),
        reach: mcp_auth_issuer::IssuerReach::ThisComputer,
        resource: RESOURCE.parse().unwrap(),
        server_name: "todos".into(),
        brand: mcp_auth_issuer::Brand::named("todos"),
        scopes: Default::default(),
        families: Default::default(),
        hierarchy: Default::default(),
        default_scopes: Default::default(),
        ambient: clock.ambient(),
        store,
        fetch: Arc::new(HttpFetch::new().unwrap()),
        denied: DeniedIssued::nothing(),
    };
    let options = || {
        let mut options = IssuerOptions::ephemeral();
        options.login = LoginOptions::Accounts(AccountsOptions::default());
        options
    };
    let refused = mcp_auth_issuer::build(setup(Store::memory(Caps::default())), options()).err();
    assert!(matches!(refused, Some(IssuerError::AccountsInMemory)));
    assert!(mcp_auth_issuer::build(setup(fresh_outage().store()), options()).is_ok());
    // Where people do not log in with accounts, their pages are not there.
    let answer = App::new().get("/account/factors").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
