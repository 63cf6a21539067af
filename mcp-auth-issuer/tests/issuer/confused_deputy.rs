//! Where people log in at a provider, they decide before they are sent there, at this browser, for this client, and as themselves (MCP security best
//! practices, confused deputy).

use std::sync::Arc;

use http::StatusCode;
use mcp_auth_issuer::upstream::{Admitted, UpstreamLogin, UpstreamOptions};
use mcp_auth_issuer::{FetchError, Params};
use mcp_auth_tests::clock::MovedClock;
use serde_json::{Value, json};

use crate::device::{PAGE as DEVICE_PAGE, devices};
use crate::harness::*;
use crate::upstream::{
    self, Provider, app, asks_first, asks_the_person, back, leave, ok, says, settled, text,
};

const SITE: &str = "https://app.example/cb";
const TOKEN: &str = "/token";
const METADATA: &str = "/.well-known/openid-configuration";
const READ_AND_WRITE: (&str, &str) = ("scope", "todos.read todos.write");
const BOTH: [(&str, &str); 2] = [("scope", "todos.read"), ("scope", "todos.write")];
const REMEMBER: (&str, &str) = ("remember", "yes");
/// Longer than a session.
const SESSION: u64 = 9 * 60 * 60;
const CONSENTS: &str = "mcp-auth-consents-8080";

/// An issuer at which everybody of the provider logs in.
fn bridge() -> (Arc<Provider>, App) {
    let provider = Provider::new();
    let app = app(&provider, |options| options.admitted = Admitted::Anyone);
    (provider, app)
}

async fn client_at(app: &App, name: &str, redirect_uri: &str) -> String {
    let mut described = metadata(&[redirect_uri], "none");
    described["client_name"] = json!(name);
    app.register(&described).await.json()["client_id"].as_str().unwrap().to_owned()
}

fn asks(client: &str, more: &[(&str, &str)]) -> String {
    authorize_url(client, &[&[("redirect_uri", SITE), READ_AND_WRITE], more].concat())
}

/// What the provider is asked with, by the redirect of this answer.
#[track_caller]
fn sent_away(answer: &Answer) -> Params {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let to = answer.location();
    assert_eq!(to.host_str(), Some("login.example"), "{to}");
    Params::parse(to.query().unwrap()).unwrap()
}

/// The way back of a person whom the provider calls so.
async fn comes_back(provider: &Provider, browser: &mut Browser, request: &Params, sub: &str) -> Answer {
    says(provider, request, &json!({ "sub": sub, "name": sub, "acr": null }));
    browser.get(&back(&[("code", "c"), ("state", request.get("state").unwrap())])).await
}

/// Opens `url` at a browser that is not known here, logs in as `sub`, and answers the page that says so with these boxes.
async fn allows(
    provider: &Provider,
    browser: &mut Browser,
    url: &str,
    (sub, ticked): (&str, &[(&str, &str)]),
) -> Answer {
    let page = browser.get(url).await;
    assert!(asks_first(&page), "{}", page.body);
    let away = browser.submit_with(&page, "allow", ticked).await;
    let returned = comes_back(provider, browser, &sent_away(&away), sub).await;
    let page = settled(browser, returned).await;
    assert!(asks_the_person(&page), "{}", page.body);
    browser.submit_with(&page, "allow", ticked).await
}

/// A browser whose person said that they need not be asked again of this client.
async fn remembers(provider: &Provider, app: &App, client: &str, sub: &str) -> Browser {
    let mut browser = Browser::new(app);
    let ticked = [&BOTH[..], &[REMEMBER]].concat();
    let answer = allows(provider, &mut browser, &asks(client, &[]), (sub, &ticked)).await;
    // One that never gets a token is forgotten before a session ends.
    redeemed(app, client, &answer).await;
    assert!(browser.cookies.0.contains_key(CONSENTS));
    browser
}

/// The scopes and the subject of the access token for this code.
async fn redeemed(app: &App, client: &str, answer: &Answer) -> (Value, String) {
    let code = answer
        .param("code")
        .unwrap_or_else(|| panic!("no code: {} {}", answer.header("location"), answer.body));
    let tokens = app.token(&changed(&redeem(client, &code), ("redirect_uri", SITE))).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    let claims = app.claims(tokens.json()["access_token"].as_str().unwrap());
    (claims["scope"].clone(), claims["sub"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn b12_p14_one_page_before_the_provider_says_client_scopes_address_and_provider_and_a_link_leads_nowhere()
 {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let url = asks(&client, &[]);
    let mut browser = Browser::new(&app);
    let page = browser.get(&url).await;
    assert_eq!((page.status, page.headers.get("location")), (StatusCode::OK, None));
    for said in [
        "Test client",
        "<strong>app.example</strong>",
        "Read your &lt;todos&gt;",
        "Add &amp; change your todos",
        "value=\"todos.write\" checked",
        "You log in at",
        "<strong><bdi>login.example</bdi></strong>",
        "It is asked for <code>openid</code>, <code>profile</code>.",
        "Allow, and log in at <bdi>login.example</bdi></button>",
        "Do not ask me again",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("You are"), "nobody is known: {}", page.body);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(provider.times(METADATA), 0);

    // The button counts at this browser, for this request, from this page.
    let (action, token) = (form_action(&page), csrf(&page));
    let other_url = asks(&client, &[("state", "another")]);
    let mut stranger = Browser::new(&app);
    stranger.get(&url).await;
    let forged = [
        browser.post(&action, &[("decision", "allow"), BOTH[0]]).await,
        browser.post(&action, &[("csrf", "x.y"), ("decision", "allow"), BOTH[0]]).await,
        browser.post(&other_url, &[("csrf", &*token), ("decision", "allow"), BOTH[0]]).await,
        browser.post(&action, &[("csrf", &*token), ("decision", "login")]).await,
        stranger.post(&action, &[("csrf", &*token), ("decision", "allow"), BOTH[0]]).await,
    ];
    for (n, answer) in forged.iter().enumerate() {
        assert_eq!((answer.status, answer.headers.get("location")), (StatusCode::FORBIDDEN, None), "{n}");
    }
    browser.origin = Some("https://evil.example".to_owned());
    assert_eq!(browser.submit(&page, "allow").await.status, StatusCode::FORBIDDEN);
    browser.origin = Some(ISSUER.to_owned());
    let more = browser.submit_with(&page, "allow", &[("scope", "admin")]).await;
    assert_eq!(more.status, StatusCode::BAD_REQUEST, "what was not asked for: {}", more.body);
    assert_eq!(provider.times(METADATA), 0, "nothing is asked of the provider");
    let none = browser.get(&asks(&client, &[("prompt", "none")])).await;
    assert!(none.headers.get("location").is_none_or(|to| !to.to_str().unwrap().contains("login.example")));
    // The allow twin.
    let request = sent_away(&browser.submit(&page, "allow").await);
    assert!(request.get("state").is_some_and(|state| state.len() >= 43));
}

/// FastMCP before 3.2.0: who had allowed a client of their own could send others to the provider by the link that they got, and the provider, which
/// knew those, let them in without a question; the code went to the client of the first.
#[tokio::test]
async fn p14_ghsa_rww4_4w9c_7733_the_link_to_the_provider_that_one_browser_got_gives_no_code_at_another() {
    let (provider, app) = bridge();
    let hers = client_at(&app, "Good", SITE).await;
    let evil = client_at(&app, "Evil", "https://evil.example/cb").await;
    let evil_url = authorize_url(&evil, &[("redirect_uri", "https://evil.example/cb")]);
    // She has a login here, remembered what she allowed, and the provider knows her too.
    let known = remembers(&provider, &app, &hers, "ann").await;
    for (is_known, victim) in [(false, Browser::new(&app)), (true, known.clone())] {
        let mut attacker = Browser::new(&app);
        let request = leave(&mut attacker, &evil_url).await;
        let before = provider.times(TOKEN);
        let mut victim = victim;
        let stolen = comes_back(&provider, &mut victim, &request, "ann").await;
        stolen.assert_local_error(400);
        assert!(!stolen.headers.contains_key("set-cookie"));
        assert_eq!(provider.times(TOKEN), before, "the code of the provider goes nowhere");
        // At a browser that has a cookie of ours it is used up, for the one who began it too.
        if is_known {
            comes_back(&provider, &mut attacker, &request, "mallory").await.assert_local_error(400);
        }
        // And she is asked about his client, as of any.
        let page = victim.get(&evil_url).await;
        assert!(
            page.body.contains("value=\"allow\"") && page.headers.get("location").is_none(),
            "{}",
            page.body
        );
    }
}

#[tokio::test]
async fn p14_who_was_not_known_is_named_after_the_provider_and_answers_once_more_with_the_boxes_as_they_left_them()
 {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&asks(&client, &[])).await;
    let away = browser.submit_with(&page, "allow", &[BOTH[0], REMEMBER]).await;
    let returned = comes_back(&provider, &mut browser, &sent_away(&away), "Ann").await;
    assert_eq!(returned.param("code"), None);
    let page = settled(&mut browser, returned).await;
    assert!(asks_the_person(&page), "{}", page.body);
    for said in
        ["<bdi>Ann</bdi>", "You are logged in now.", "value=\"todos.write\">", "value=\"yes\" checked"]
    {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    // As often as it is loaded; and it is answered once.
    let page = browser.get(&asks(&client, &[])).await;
    assert!(page.body.contains("You are logged in now."), "{}", page.body);
    let answer = browser.submit(&page, "allow").await;
    assert_eq!(redeemed(&app, &client, &answer).await.0, "todos.read");
    browser.submit(&page, "allow").await.assert_local_error(403);
    let later = browser.get(&asks(&client, &[])).await;
    assert!(!later.body.contains("You are logged in now."), "{}", later.body);
    // She may also say no to it.
    let mut other = Browser::new(&app);
    let page = other.get(&asks(&client, &[])).await;
    let away = other.submit(&page, "allow").await;
    let returned = comes_back(&provider, &mut other, &sent_away(&away), "Ann").await;
    let page = settled(&mut other, returned).await;
    let denied = other.submit(&page, "deny").await;
    assert_eq!(denied.param("error").as_deref(), Some("access_denied"));
}

/// Anybody can be called "Ann" at a provider: an attacker who logged her browser in there was told from her by nothing.
#[tokio::test]
async fn p14_the_page_that_said_who_came_back_told_people_by_a_name_that_they_write_themselves() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    for (claims, shown) in [
        (json!({ "email": "ann@example.com", "email_verified": true }), "ann@example.com"),
        (
            json!({ "email": "ann@example.com", "email_verified": false, "preferred_username": "m<llory" }),
            "m&lt;llory",
        ),
        (json!({ "sub": "4711", "email": "ann@example.com" }), "4711"),
    ] {
        let mut browser = Browser::new(&app);
        let page = browser.get(&asks(&client, &[])).await;
        let request = sent_away(&browser.submit_with(&page, "allow", &[BOTH[0], REMEMBER]).await);
        says(&provider, &request, &claims);
        let returned = browser.get(&back(&[("code", "c"), ("state", request.get("state").unwrap())])).await;
        let page = settled(&mut browser, returned).await;
        let named = format!("<strong><bdi>Ann</bdi></strong> (<bdi>{shown}</bdi>)");
        assert!(asks_the_person(&page) && page.body.contains(&named), "{claims}: {}", page.body);
        // Also where she is known before she goes there, by her login or by what is remembered.
        redeemed(&app, &client, &browser.submit(&page, "allow").await).await;
        let url = asks(&client, &[("prompt", "login")]);
        assert!(browser.get(&url).await.body.contains(&named), "{claims}");
        browser.cookies.0.retain(|name, _| name == CONSENTS);
        let page = browser.get(&url).await;
        assert!(asks_first(&page) && page.body.contains(&named), "{claims}: {}", page.body);
    }
}

#[tokio::test]
async fn p14_the_code_comes_at_once_for_the_person_who_was_here_and_another_one_is_asked_again() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    // Known by the login here, or by what is remembered here.
    for by_cookie in [false, true] {
        let known = remembers(&provider, &app, &client, "Ann").await;
        if by_cookie {
            app.advance(SESSION);
        }
        let url = asks(&client, &[("prompt", if by_cookie { "consent" } else { "login" })]);
        let goes = async |browser: &mut Browser, ticked: &[(&str, &str)]| {
            let page = browser.get(&url).await;
            assert!(asks_first(&page) && page.body.contains("<bdi>Ann</bdi>"), "{}", page.body);
            sent_away(&browser.submit_with(&page, "allow", ticked).await)
        };
        let mut same = known.clone();
        let request = goes(&mut same, &BOTH[..1]).await;
        says(&provider, &request, &json!({ "sub": "Ann", "auth_time": null }));
        let answer = comes_back(&provider, &mut same, &request, "Ann").await;
        let (scopes, ann) = redeemed(&app, &client, &answer).await;
        assert_eq!(scopes, "todos.read");
        // She is logged in here by it.
        let page = same.get(&asks(&client, &[("prompt", "consent")])).await;
        assert!(asks_the_person(&page), "{}", page.body);

        let mut other = known.clone();
        let request = goes(&mut other, &BOTH).await;
        let returned = comes_back(&provider, &mut other, &request, "Bob").await;
        assert_eq!(returned.param("code"), None, "{}", returned.header("location"));
        let page = settled(&mut other, returned).await;
        assert!(asks_the_person(&page) && page.body.contains("<bdi>Bob</bdi>"), "{}", page.body);
        assert!(page.body.contains("Somebody else came back"), "{}", page.body);
        let (_, bob) = redeemed(&app, &client, &other.submit(&page, "allow").await).await;
        assert_ne!(ann, bob);
    }
}

/// A browser at which Ann said that she need not be asked again of `client`, and at which Bob, who came later, said so of another one.
async fn of_two_people(provider: &Provider, app: &App, client: &str) -> Browser {
    let mut browser = remembers(provider, app, client, "Ann").await;
    let his = client_at(app, "Another", SITE).await;
    let ticked = [&BOTH[..], &[REMEMBER]].concat();
    let answer = allows(provider, &mut browser, &asks(&his, &[("prompt", "login")]), ("Bob", &ticked)).await;
    redeemed(app, &his, &answer).await;
    browser
}

/// The form was bound to the request alone: a page that named Bob sent Ann to the provider, and she gave what he had ticked.
#[tokio::test]
async fn p14_a_page_that_named_one_person_gave_the_consent_of_another_who_was_known_at_the_browser_too() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let mut browser = of_two_people(&provider, &app, &client).await;
    let his = browser.get(&asks(&client, &[])).await;
    assert!(asks_the_person(&his) && his.body.contains("<bdi>Bob</bdi>"), "{}", his.body);
    app.advance(SESSION);
    let before = provider.times(METADATA);
    for decision in ["allow", "deny"] {
        let mut browser = browser.clone();
        let fresh = browser.submit(&his, decision).await;
        if decision == "deny" {
            assert_eq!(fresh.param("error").as_deref(), Some("access_denied"), "a no is nobody's consent");
            continue;
        }
        assert_eq!((fresh.status, fresh.headers.get("location")), (StatusCode::FORBIDDEN, None));
        assert!(asks_first(&fresh) && fresh.body.contains("<bdi>Ann</bdi>"), "{}", fresh.body);
        assert!(fresh.body.contains("You answered a page that was for somebody else"), "{}", fresh.body);
        assert_eq!(provider.times(METADATA), before, "nobody was sent to the provider");
        // The page that is shown then counts.
        let request = sent_away(&browser.submit(&fresh, "allow").await);
        let answer = comes_back(&provider, &mut browser, &request, "Ann").await;
        assert_eq!(redeemed(&app, &client, &answer).await.0, "todos.read todos.write");
    }
}

#[tokio::test]
async fn p14_a_page_from_before_somebody_logged_in_or_out_in_another_tab_is_not_answered_by_it() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let known = remembers(&provider, &app, &client, "Ann").await;
    app.advance(SESSION);
    let url = asks(&client, &[("prompt", "consent")]);
    // The page names Ann, or nobody; then Bob logs in.
    for mut browser in [known.clone(), Browser::new(&app)] {
        let page = browser.get(&url).await;
        assert!(asks_first(&page), "{}", page.body);
        let request = leave(&mut browser, "/account").await;
        let at_account = comes_back(&provider, &mut browser, &request, "Bob").await;
        assert_eq!(at_account.header("location"), "/account");
        for decision in ["allow", "deny"] {
            browser.submit(&page, decision).await.assert_local_error(403);
        }
        let fresh = browser.get(&url).await;
        assert!(asks_the_person(&fresh) && fresh.body.contains("<bdi>Bob</bdi>"), "{}", fresh.body);
        browser.submit(&fresh, "allow").await.param("code").expect("his own answer counts");
    }
    // The page names who is logged in; then she logs out.
    let mut browser = known.clone();
    let request = leave(&mut browser, "/account").await;
    comes_back(&provider, &mut browser, &request, "Ann").await;
    let page = browser.get(&url).await;
    assert!(asks_the_person(&page), "{}", page.body);
    let account = browser.get("/account").await;
    browser.post("/account", &[("csrf", &*csrf(&account)), ("decision", "logout")]).await;
    let fresh = browser.submit(&page, "allow").await;
    assert_eq!((fresh.status, fresh.headers.get("location")), (StatusCode::FORBIDDEN, None));
    assert!(asks_first(&fresh) && !fresh.body.contains("You are"), "nobody is named: {}", fresh.body);
    let request = sent_away(&browser.submit(&fresh, "allow").await);
    let returned = comes_back(&provider, &mut browser, &request, "Ann").await;
    assert!(asks_the_person(&settled(&mut browser, returned).await));
}

#[tokio::test]
async fn p11_p14_who_said_that_they_need_not_be_asked_goes_to_the_provider_at_once_and_another_one_is_asked()
{
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let mut hers = remembers(&provider, &app, &client, "Ann").await;
    let again = hers.get(&asks(&client, &[])).await;
    assert!(again.param("code").is_some(), "with her session nothing is asked: {}", again.body);
    app.advance(SESSION);
    let mut his = hers.clone();
    let request = sent_away(&hers.get(&asks(&client, &[])).await);
    let answer = comes_back(&provider, &mut hers, &request, "Ann").await;
    assert_eq!(redeemed(&app, &client, &answer).await.0, "todos.read todos.write");

    let request = sent_away(&his.get(&asks(&client, &[])).await);
    let returned = comes_back(&provider, &mut his, &request, "Bob").await;
    assert_eq!(returned.param("code"), None);
    let page = settled(&mut his, returned).await;
    assert!(asks_the_person(&page) && page.body.contains("<bdi>Bob</bdi>"), "{}", page.body);
    assert!(!page.body.contains("value=\"yes\" checked"), "that was her word: {}", page.body);
    // Also one who had said the same of this client here: it was asked for as Ann.
    his.submit_with(&page, "allow", &[BOTH[0], BOTH[1], REMEMBER]).await.param("code").expect("a code");
    app.advance(SESSION);
    let request = sent_away(&his.get(&asks(&client, &[])).await);
    let returned = comes_back(&provider, &mut his, &request, "Ann").await;
    let page = settled(&mut his, returned).await;
    assert!(asks_the_person(&page) && page.body.contains("<bdi>Ann</bdi>"), "{}", page.body);
}

#[tokio::test]
async fn p13_what_is_remembered_counts_for_its_client_address_scopes_person_and_browser_alone() {
    let (provider, app) = bridge();
    let moved = "https://app.example/other";
    let client = app.register(&metadata(&[SITE, moved], "none")).await.json();
    let client = client["client_id"].as_str().unwrap().to_owned();
    let hers = remembers(&provider, &app, &client, "Ann").await;
    app.advance(SESSION);
    let another = client_at(&app, "Another", SITE).await;
    let mut twin = hers.clone();
    sent_away(&twin.get(&asks(&client, &[("scope", "todos.read")])).await);
    let cookie = hers.cookies.0[CONSENTS].clone();
    for (why, url) in [
        ("another client", asks(&another, &[])),
        ("another address", asks(&client, &[("redirect_uri", moved)])),
        ("more scopes", asks(&client, &[("scope", "todos.read todos.write admin")])),
        ("the client wants the page", asks(&client, &[("prompt", "consent")])),
    ] {
        let page = hers.clone().get(&url).await;
        assert!(asks_first(&page), "{why}: {} {}", page.status, page.body);
    }
    let asked = [
        ("no cookie", None),
        ("nothing", Some(String::new())),
        ("changed", Some(format!("A{}", &cookie[1..]))),
        ("cut", Some(cookie[..cookie.len() - 2].to_owned())),
        ("of another server", {
            let (elsewhere, there) = bridge();
            let client = client_at(&there, "Test client", SITE).await;
            Some(remembers(&elsewhere, &there, &client, "Ann").await.cookies.0[CONSENTS].clone())
        }),
    ];
    for (why, cookie) in asked {
        let mut browser = hers.clone();
        match cookie {
            Some(cookie) => browser.cookies.0.insert(CONSENTS.to_owned(), cookie),
            None => browser.cookies.0.remove(CONSENTS),
        };
        let page = browser.get(&asks(&client, &[])).await;
        assert!(asks_first(&page), "{why}: {} {}", page.status, page.body);
    }
    // Her cookie says nothing of another person, though the store knows that one too.
    let bobs = remembers(&provider, &app, &client, "Bob").await;
    let mut mixed = bobs.clone();
    mixed.cookies.0.insert(CONSENTS.to_owned(), cookie.clone());
    let page = mixed.get(&asks(&client, &[])).await;
    assert!(asks_the_person(&page) && page.body.contains("<bdi>Bob</bdi>"), "{}", page.body);
    let mut twin = bobs.clone();
    assert!(twin.get(&asks(&client, &[])).await.param("code").is_some());
    // Nor does the store say it alone: at another browser she is asked before and after.
    let mut elsewhere = Browser::new(&app);
    allows(&provider, &mut elsewhere, &asks(&client, &[]), ("Ann", &BOTH))
        .await
        .param("code")
        .expect("a code");
}

#[tokio::test]
async fn p11_at_a_loopback_address_nothing_is_remembered_and_without_the_tick_neither() {
    let (provider, app) = bridge();
    let local = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&local, &[]);
    let page = browser.get(&url).await;
    assert!(!page.body.contains("Do not ask me again"), "{}", page.body);
    let answer = allows(&provider, &mut browser, &url, ("Ann", &[BOTH[0], REMEMBER])).await;
    assert!(answer.param("code").is_some());
    assert!(!browser.cookies.0.contains_key(CONSENTS));
    assert!(asks_the_person(&browser.get(&url).await), "asked again with a session");

    let client = client_at(&app, "Test client", SITE).await;
    let mut browser = Browser::new(&app);
    let answer = allows(&provider, &mut browser, &asks(&client, &[]), ("Ann", &BOTH)).await;
    redeemed(&app, &client, &answer).await;
    assert!(!browser.cookies.0.contains_key(CONSENTS));
    assert!(asks_the_person(&browser.get(&asks(&client, &[])).await));
    app.advance(SESSION);
    assert!(asks_first(&browser.get(&asks(&client, &[])).await));
}

#[tokio::test]
async fn what_a_person_takes_back_counts_at_no_browser_any_more() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    // By the page, with no or without the tick; by her own page; by logging out.
    for way in ["deny", "untick", "end", "logout", "log out of the request"] {
        let hers = remembers(&provider, &app, &client, "Ann").await;
        let mut other = hers.clone();
        let mut browser = hers.clone();
        let asked = asks(&client, &[("prompt", "consent")]);
        match way {
            "deny" => {
                let page = browser.get(&asked).await;
                assert_eq!(
                    browser.submit(&page, "deny").await.param("error").as_deref(),
                    Some("access_denied")
                );
            }
            "untick" => {
                let page = browser.get(&asked).await;
                assert!(page.body.contains("value=\"yes\" checked"), "{}", page.body);
                browser.submit_with(&page, "allow", &BOTH).await.param("code").expect("a code");
            }
            "end" => {
                let page = browser.get("/account").await;
                let form = [("csrf", &*csrf(&page)), ("decision", "end"), ("application", &*client)];
                assert_eq!(browser.post("/account", &form).await.status, StatusCode::SEE_OTHER);
            }
            "logout" => {
                let page = browser.get("/account").await;
                let form = [("csrf", &*csrf(&page)), ("decision", "logout")];
                assert_eq!(browser.post("/account", &form).await.status, StatusCode::SEE_OTHER);
            }
            _ => {
                let page = browser.get(&asked).await;
                assert_eq!(browser.submit(&page, "logout").await.status, StatusCode::SEE_OTHER);
            }
        }
        app.advance(SESSION);
        let page = browser.get(&asks(&client, &[])).await;
        assert!(asks_first(&page), "{way}: {}", page.body);
        let page = other.get(&asks(&client, &[])).await;
        let is_of_this_browser = way.starts_with("log");
        assert_eq!(asks_first(&page), !is_of_this_browser, "{way}: {}", page.body);
    }
}

/// The button on the page of a device left what was remembered: the next person at this browser was not asked.
#[tokio::test]
async fn p11_who_used_another_account_on_the_page_of_a_device_was_remembered_at_that_browser_still() {
    let provider = Provider::new();
    let options = UpstreamOptions { admitted: Admitted::Anyone, ..upstream::options() };
    let login = UpstreamLogin::new(options, provider.clone(), MovedClock::at(START).ambient()).unwrap();
    let app = App::with_login(login, devices);
    let client = client_at(&app, "Test client", SITE).await;
    let hers = remembers(&provider, &app, &client, "Ann").await;
    for is_pressed in [false, true] {
        let mut browser = hers.clone();
        let page = browser.get(DEVICE_PAGE).await;
        assert!(page.body.contains("Use another account"), "{}", page.body);
        if is_pressed {
            assert_eq!(browser.submit(&page, "logout").await.header("location"), DEVICE_PAGE);
            assert!(asks_first(&browser.get(&asks(&client, &[])).await));
        } else {
            browser.get(&asks(&client, &[])).await.param("code").expect("a code");
        }
    }
}

/// The provider let the same person in again, whom the browser had just logged out.
#[tokio::test]
async fn who_used_another_account_came_back_as_the_same_person_without_a_question() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let hers = remembers(&provider, &app, &client, "Ann").await;
    let url = asks(&client, &[("prompt", "consent"), ("login_hint", "ann")]);
    let leaves = async |browser: &mut Browser, url: &str| {
        let page = browser.get(url).await;
        assert!(asks_first(&page), "{}", page.body);
        let request = sent_away(&browser.submit(&page, "allow").await);
        (request.get("prompt").map(str::to_owned), request.get("login_hint").map(str::to_owned), request)
    };
    let mut browser = hers.clone();
    let page = browser.get(&url).await;
    let again = browser.submit(&page, "logout").await;
    let (prompt, hint, request) = leaves(&mut browser, again.header("location")).await;
    assert_eq!((prompt.as_deref(), hint), (Some("select_account"), None));
    // As often as they go there.
    let cancelled = [("error", "access_denied"), ("state", request.get("state").unwrap())];
    browser.get(&back(&cancelled)).await;
    let (prompt, _, request) = leaves(&mut browser, &url).await;
    assert_eq!(prompt.as_deref(), Some("select_account"));
    // Not if the provider fails by it,
    let mut failed = browser.clone();
    let error = [("error", "invalid_request"), ("state", request.get("state").unwrap())];
    let page = failed.get(&back(&error)).await;
    assert_eq!(
        (page.status, page.headers.get("location")),
        (StatusCode::FORBIDDEN, None),
        "no application is told"
    );
    assert!(asks_first(&page) && page.body.contains("log out there first"), "{}", page.body);
    assert_eq!(leaves(&mut failed, &url).await.0, None);
    // nor once they are logged in, at another browser, or after half an hour.
    let (_, _, request) = leaves(&mut browser, &url).await;
    comes_back(&provider, &mut browser, &request, "Bob").await;
    let anew = asks(&client, &[("prompt", "login"), ("login_hint", "ann")]);
    let (prompt, hint, _) = leaves(&mut browser, &anew).await;
    assert_eq!((prompt.as_deref(), hint.as_deref()), (Some("login"), Some("ann")));
    assert_eq!(leaves(&mut Browser::new(&app), &url).await.0, None);
    let mut late = hers.clone();
    let page = late.get("/account").await;
    assert_eq!(
        late.post("/account", &[("csrf", &*csrf(&page)), ("decision", "logout")]).await.header("location"),
        "/account"
    );
    assert_eq!(leaves(&mut late.clone(), &url).await.0.as_deref(), Some("select_account"));
    app.advance(30 * 60);
    assert_eq!(leaves(&mut late, &url).await.0, None);
}

/// A provider that says which values it knows is asked with one of these.
#[tokio::test]
async fn a_provider_that_does_not_know_select_account_is_asked_to_log_in_anew() {
    for (values, prompt) in [
        (json!(["none", "login", "consent"]), "login"),
        (json!(["none", "select_account"]), "select_account"),
    ] {
        let (provider, app) = bridge();
        let client = client_at(&app, "Test client", SITE).await;
        let mut metadata = provider.metadata();
        metadata["prompt_values_supported"] = values.clone();
        provider.publishes(metadata);
        let mut browser = remembers(&provider, &app, &client, "Ann").await;
        let page = browser.get(&asks(&client, &[("prompt", "consent")])).await;
        let again = browser.submit(&page, "logout").await;
        let page = browser.get(again.header("location")).await;
        let request = sent_away(&browser.submit(&page, "allow").await);
        assert_eq!(request.get("prompt"), Some(prompt), "{values}");
    }
}

/// The page was German, and why it asks again stood there in English.
#[tokio::test]
async fn why_a_page_asks_again_was_said_in_english_to_people_who_read_german() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let known = remembers(&provider, &app, &client, "Ann").await;
    let german = asks(&client, &[("prompt", "login"), ("ui_locales", "de")]);
    for (mut browser, said) in
        [(Browser::new(&app), "Sie sind jetzt angemeldet."), (known, "Zurückgekommen ist jemand anderes")]
    {
        let page = browser.get(&german).await;
        let request = sent_away(&browser.submit(&page, "allow").await);
        let returned = comes_back(&provider, &mut browser, &request, "Bob").await;
        let page = settled(&mut browser, returned).await;
        assert!(page.body.contains(said) && !page.body.contains("answer once more"), "{}", page.body);
    }
}

/// It said no, and was not asked at the next request.
#[tokio::test]
async fn p11_a_no_before_the_provider_left_what_was_remembered_at_that_browser() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let another = client_at(&app, "Another", SITE).await;
    let mut browser = remembers(&provider, &app, &client, "Ann").await;
    let page = browser.get(&asks(&another, &[])).await;
    let answer = browser.submit_with(&page, "allow", &[BOTH[0], BOTH[1], REMEMBER]).await;
    redeemed(&app, &another, &answer).await;
    let mut elsewhere = remembers(&provider, &app, &client, "Ann").await;
    app.advance(SESSION);
    let page = browser.get(&asks(&client, &[("prompt", "consent")])).await;
    assert!(asks_first(&page) && page.body.contains("<bdi>Ann</bdi>"), "{}", page.body);
    assert_eq!(browser.submit(&page, "deny").await.param("error").as_deref(), Some("access_denied"));
    assert!(asks_first(&browser.get(&asks(&client, &[])).await));
    // Of another client it was not asked, and at another browser it is hers to say.
    sent_away(&browser.get(&asks(&another, &[])).await);
    sent_away(&elsewhere.get(&asks(&client, &[])).await);
}

/// What she took back and said anew later counted at every browser where she had said it before, and by every copy of their cookies.
#[tokio::test]
async fn p13_an_older_cookie_counted_again_once_its_person_said_the_same_anew() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    for way in ["deny", "untick", "end", "nothing"] {
        let older = remembers(&provider, &app, &client, "Ann").await;
        let mut browser = older.clone();
        let asked = asks(&client, &[("prompt", "consent")]);
        let page = browser.get(&asked).await;
        match way {
            "deny" => assert!(browser.submit(&page, "deny").await.param("error").is_some()),
            "untick" => assert!(browser.submit_with(&page, "allow", &BOTH).await.param("code").is_some()),
            "end" => {
                let page = browser.get("/account").await;
                let form = [("csrf", &*csrf(&page)), ("decision", "end"), ("application", &*client)];
                assert_eq!(browser.post("/account", &form).await.status, StatusCode::SEE_OTHER);
            }
            _ => {}
        }
        // She says it anew: here, or at a browser that is not known.
        let newer = remembers(&provider, &app, &client, "Ann").await;
        let page = browser.get(&asked).await;
        browser
            .submit_with(&page, "allow", &[BOTH[0], BOTH[1], REMEMBER])
            .await
            .param("code")
            .expect("a code");
        app.advance(SESSION);
        for (what, mut browser, counts) in
            [("older", older, way == "nothing"), ("newer", newer, true), ("here", browser, true)]
        {
            let page = browser.get(&asks(&client, &[])).await;
            assert_eq!(asks_first(&page), !counts, "{way} {what}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn what_is_remembered_and_taken_back_while_its_person_is_away_gives_no_code() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let hers = remembers(&provider, &app, &client, "Ann").await;
    let mut elsewhere = hers.clone();
    app.advance(SESSION);
    let mut browser = hers.clone();
    let request = sent_away(&browser.get(&asks(&client, &[])).await);
    let back_there = sent_away(&elsewhere.get(&asks(&client, &[])).await);
    let answer = comes_back(&provider, &mut elsewhere, &back_there, "Ann").await;
    answer.param("code").expect("a code");
    let page = elsewhere.get("/account").await;
    let form = [("csrf", &*csrf(&page)), ("decision", "end"), ("application", &*client)];
    elsewhere.post("/account", &form).await;
    let returned = comes_back(&provider, &mut browser, &request, "Ann").await;
    assert_eq!(returned.param("code"), None);
    assert!(asks_the_person(&settled(&mut browser, returned).await));
}

/// What Ann allowed at this browser, where she is logged in, before she went to the provider again.
async fn presses(browser: &mut Browser, client: &str) -> Params {
    let page = browser.get(&asks(client, &[("prompt", "login")])).await;
    assert!(asks_first(&page) && page.body.contains("<bdi>Ann</bdi>"), "{}", page.body);
    sent_away(&browser.submit_with(&page, "allow", &BOTH).await)
}

/// She pressed "Allow", took it back in another tab or at another browser, and then the provider let her in: the application got its code.
#[tokio::test]
async fn p14_what_was_pressed_before_a_no_or_a_log_out_gave_a_code_when_its_person_came_back() {
    for way in [
        "deny",
        "deny before the login",
        "end",
        "end elsewhere",
        "logout",
        "logout of the request",
        "logout everywhere elsewhere",
        "nothing",
        "end before",
    ] {
        let (provider, app) = bridge();
        let client = client_at(&app, "Test client", SITE).await;
        let mut browser = remembers(&provider, &app, &client, "Ann").await;
        let mut other = Browser::new(&app);
        let request = leave(&mut other, "/account").await;
        comes_back(&provider, &mut other, &request, "Ann").await;
        let end = [("decision", "end"), ("application", &*client)];
        let at_account = async |browser: &mut Browser, form: &[(&str, &str)]| {
            let token = csrf(&browser.get("/account").await);
            let form = [&[("csrf", &*token)], form].concat();
            assert_eq!(browser.post("/account", &form).await.status, StatusCode::SEE_OTHER, "{way}");
        };
        if way == "end before" {
            at_account(&mut browser, &end).await;
        }
        let request = presses(&mut browser, &client).await;
        match way {
            "deny" => {
                let page = browser.get(&asks(&client, &[("prompt", "consent")])).await;
                assert!(asks_the_person(&page), "{}", page.body);
                browser.submit(&page, "deny").await.param("error").expect("a no");
            }
            "deny before the login" => {
                let page = browser.get(&asks(&client, &[("prompt", "login")])).await;
                browser.submit(&page, "deny").await.param("error").expect("a no");
            }
            "end" => at_account(&mut browser, &end).await,
            "end elsewhere" => at_account(&mut other, &end).await,
            "logout" => at_account(&mut browser, &[("decision", "logout")]).await,
            "logout of the request" => {
                let page = browser.get(&asks(&client, &[("prompt", "login")])).await;
                assert_eq!(browser.submit(&page, "logout").await.status, StatusCode::SEE_OTHER);
            }
            "logout everywhere elsewhere" => {
                at_account(&mut other, &[("decision", "logout"), ("everywhere", "yes")]).await;
            }
            _ => {}
        }
        let returned = comes_back(&provider, &mut browser, &request, "Ann").await;
        if let "nothing" | "end before" = way {
            redeemed(&app, &client, &returned).await;
            continue;
        }
        assert_eq!(returned.param("code"), None, "{way}");
        let page = settled(&mut browser, returned).await;
        assert!(asks_the_person(&page) && page.body.contains("You took back"), "{way}: {}", page.body);
        redeemed(&app, &client, &browser.submit(&page, "allow").await).await;
    }
}

#[tokio::test]
async fn who_only_looks_is_sent_nowhere_though_it_is_remembered() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let mut hers = remembers(&provider, &app, &client, "Ann").await;
    app.advance(SESSION);
    let cookies = hers.cookies.header().unwrap();
    for (method, name, value) in [
        ("HEAD", "x-none", ""),
        ("GET", "sec-purpose", "prefetch"),
        ("GET", "sec-purpose", "prefetch;prerender"),
    ] {
        let looks =
            http::Request::builder().method(method).uri(asks(&client, &[])).header("host", "localhost:8080");
        let looks = looks.header("cookie", &cookies).header(name, value);
        let answer = app.send(looks.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(
            (answer.status, answer.headers.get("location")),
            (StatusCode::OK, None),
            "{method} {value}"
        );
    }
    let none = hers.get(&asks(&client, &[("prompt", "none")])).await;
    assert_eq!(none.param("error").as_deref(), Some("login_required"), "{}", none.body);
    sent_away(&hers.get(&asks(&client, &[])).await);
}

#[tokio::test]
async fn nothing_ticked_is_no_answer_and_no_goes_to_the_address_that_the_page_named() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let mut browser = Browser::new(&app);
    let url = asks(&client, &[("scope", "todos.write")]);
    let page = browser.get(&url).await;
    let unticked = browser.submit_with(&page, "allow", &[]).await;
    assert_eq!(unticked.status, StatusCode::BAD_REQUEST);
    assert!(asks_first(&unticked) && unticked.body.contains("nothing was ticked"), "{}", unticked.body);
    assert_eq!(provider.times(METADATA), 0);
    let denied = browser.submit(&unticked, "deny").await;
    assert!(denied.header("location").starts_with(&format!("{SITE}?")), "{}", denied.body);
    assert_eq!(denied.param("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn p15_a_decision_is_used_once_in_its_browser_within_ten_minutes_by_the_provider_that_was_asked() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let known = remembers(&provider, &app, &client, "Ann").await;
    app.advance(SESSION);
    let url = asks(&client, &[]);
    let begun = async || {
        let mut browser = known.clone();
        let request = sent_away(&browser.get(&url).await);
        let state = request.get("state").unwrap().to_owned();
        (browser, state, request)
    };
    let before = provider.times(TOKEN);
    let (mut browser, state, request) = begun().await;
    for parameters in [
        vec![("code", "c")],
        vec![("code", "c"), ("state", "")],
        vec![("code", "c"), ("state", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")],
        vec![("code", "c"), ("state", &state), ("state", &state)],
    ] {
        browser.get(&back(&parameters)).await.assert_local_error(400);
    }
    for iss in ["https://login.evil", "https://login.example/"] {
        let (mut browser, state, _) = begun().await;
        let mixed = browser.get(&back(&[("code", "c"), ("state", &state), ("iss", iss)])).await;
        assert_eq!((mixed.status, mixed.param("code")), (StatusCode::FORBIDDEN, None), "{iss}");
        browser.get(&back(&[("code", "c"), ("state", &state)])).await.assert_local_error(400);
    }
    let (mut late, state_of_late, _) = begun().await;
    assert_eq!(provider.times(TOKEN), before);
    says(&provider, &request, &json!({ "sub": "Ann" }));
    let good = back(&[("code", "c"), ("state", &state), ("iss", "https://login.example")]);
    browser.get(&good).await.param("code").expect("the allow twin");
    browser.get(&good).await.assert_local_error(400);
    app.advance(11 * 60);
    late.get(&back(&[("code", "c"), ("state", &state_of_late)])).await.assert_local_error(400);
    assert_eq!(provider.times(TOKEN), before + 1);
}

#[tokio::test]
async fn p16_a_token_endpoint_that_fails_is_a_server_error_for_a_known_client_and_a_page_for_another() {
    let huge = || Ok((200, vec![b' '; 1024 * 1024]));
    for (is_known, reply) in [
        (true, text(500, "")),
        (true, Err(FetchError::Timeout)),
        (true, text(200, "<html>")),
        (true, huge()),
        (false, text(500, "")),
        (false, Err(FetchError::Timeout)),
        (false, text(200, "<html>")),
        (false, huge()),
    ] {
        let (provider, app) = bridge();
        let client = client_at(&app, "Test client", SITE).await;
        if is_known {
            allows(&provider, &mut Browser::new(&app), &asks(&client, &[]), ("Bob", &BOTH)).await;
        }
        let mut browser = Browser::new(&app);
        let page = browser.get(&asks(&client, &[])).await;
        let request = sent_away(&browser.submit_with(&page, "allow", &BOTH[..1]).await);
        let shown = format!("{is_known} {reply:?}").chars().take(60).collect::<String>();
        provider.reply(TOKEN, reply);
        let failed = comes_back(&provider, &mut browser, &request, "Ann").await;
        if is_known {
            assert!(failed.header("location").starts_with(&format!("{SITE}?")), "{shown}: {}", failed.body);
            assert_eq!(failed.param("error").as_deref(), Some("server_error"), "{shown}");
            assert_eq!(failed.param("state").as_deref(), Some("the state"));
            assert!(failed.param("code").is_none());
        } else {
            assert_eq!(
                (failed.status, failed.headers.get("location")),
                (StatusCode::SERVICE_UNAVAILABLE, None)
            );
            assert!(asks_first(&failed) && failed.body.contains("Logging in is not possible now"), "{shown}");
            assert!(
                failed.body.contains("value=\"todos.write\">"),
                "the boxes are as they were: {}",
                failed.body
            );
            // The button works at once.
            let request = sent_away(&browser.submit(&failed, "allow").await);
            let returned = comes_back(&provider, &mut browser, &request, "Ann").await;
            assert!(asks_the_person(&settled(&mut browser, returned).await));
        }
    }
}

#[tokio::test]
async fn who_does_not_log_in_there_or_is_not_let_in_sees_the_page_again_and_the_client_is_told_nothing() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    let client = client_at(&app, "Test client", SITE).await;
    let mut browser = Browser::new(&app);
    for (answer, sub) in [(("error", "access_denied"), "17"), (("code", "c"), "18")] {
        let page = browser.get(&asks(&client, &[])).await;
        let request = sent_away(&browser.submit_with(&page, "allow", &BOTH[..1]).await);
        says(&provider, &request, &json!({ "sub": sub }));
        let page = browser.get(&back(&[answer, ("state", request.get("state").unwrap())])).await;
        assert_eq!((page.status, page.headers.get("location")), (StatusCode::FORBIDDEN, None));
        assert!(asks_first(&page) && page.body.contains("value=\"todos.write\">"), "{}", page.body);
    }
}

#[tokio::test]
async fn p30_a_press_is_counted_before_the_provider_is_asked_anything() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    // A provider that is down is asked for its metadata at each press.
    for _ in 0..80 {
        provider.reply(METADATA, text(500, ""));
    }
    let mut browser = Browser::from(&app, "198.51.100.1");
    let page = browser.get(&asks(&client, &[])).await;
    let mut last = StatusCode::OK;
    for _ in 0..80 {
        let answer = browser.submit_with(&page, "allow", &BOTH).await;
        assert!(asks_first(&answer), "{}", answer.body);
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(!answer.header("retry-after").is_empty());
        }
        last = answer.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert!(provider.times(METADATA) <= 60, "{}", provider.times(METADATA));
}

/// It ended the login: its transaction was used up, and the person had to begin again.
#[tokio::test]
async fn p30_who_comes_back_too_often_may_come_again_with_the_same_answer() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&asks(&client, &[])).await;
    let request = sent_away(&browser.submit(&page, "allow").await);
    browser.address = "198.51.100.1".parse().ok();
    let made_up = [("code", "c"), ("state", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")];
    for _ in 0..60 {
        browser.get(&back(&made_up)).await;
    }
    let too_often = comes_back(&provider, &mut browser, &request, "Ann").await;
    too_often.assert_local_error(429);
    assert!(!too_often.header("retry-after").is_empty());
    assert_eq!(provider.times(TOKEN), 0);
    app.advance(60);
    let returned = comes_back(&provider, &mut browser, &request, "Ann").await;
    assert!(asks_the_person(&settled(&mut browser, returned).await));
}

#[tokio::test]
async fn a_pushed_request_is_answered_once_over_the_provider_too() {
    let (provider, app) = bridge();
    let client = client_at(&app, "Test client", SITE).await;
    let pushed = async || {
        let form = authorize_params(&client, &[("redirect_uri", SITE), READ_AND_WRITE]);
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = app.post_form("/par", &form).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let request_uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
        format!("/authorize?{}", encode(&[("client_id", &client), ("request_uri", &request_uri)]))
    };
    let known = remembers(&provider, &app, &client, "Ann").await;
    app.advance(SESSION);
    let url = pushed().await;
    let (mut one, mut two) = (known.clone(), known.clone());
    let (first, second) = (sent_away(&one.get(&url).await), sent_away(&two.get(&url).await));
    comes_back(&provider, &mut one, &first, "Ann").await.param("code").expect("a code");
    let late = comes_back(&provider, &mut two, &second, "Ann").await;
    assert_eq!((late.param("code"), late.status), (None, StatusCode::BAD_REQUEST), "{}", late.body);
    // The token endpoint of the provider fails: the client is told, and the request is used up.
    let url = pushed().await;
    let mut browser = known.clone();
    let request = sent_away(&browser.get(&url).await);
    provider.reply(TOKEN, ok(&json!({})));
    let failed = comes_back(&provider, &mut browser, &request, "Ann").await;
    assert_eq!(failed.param("error").as_deref(), Some("server_error"), "{}", failed.body);
    assert_eq!(known.clone().get(&url).await.status, StatusCode::BAD_REQUEST);
}
