//! A person's own page.

use http::StatusCode;
use mcp_auth_core::ScopeSet;
use mcp_auth_issuer::{GrantType, IssuerOptions, KeySource, NamedClient, SigningKey};
use mcp_auth_store::{Revocable, Store};
use serde_json::Value;

use crate::device::{GRANT as DEVICE, answer, devices, television};
use crate::fresh::fresh_store;
use crate::harness::*;

const ACCOUNT: &str = "/account";

/// Logs in at the page, as `developer`.
async fn visit(app: &App) -> (Browser, Answer) {
    let mut browser = Browser::new(app);
    let login = browser.get(ACCOUNT).await;
    assert!(!login.body.contains("Application"), "no application asks: {}", login.body);
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "developer")];
    let back = browser.post(ACCOUNT, &form).await;
    assert_eq!((back.status, back.header("location")), (StatusCode::SEE_OTHER, ACCOUNT));
    let page = browser.get(ACCOUNT).await;
    assert_eq!(page.status, StatusCode::OK);
    (browser, page)
}

/// The name of the first application on the page.
fn first(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("name=\"application\" value=\"").expect("an application");
    rest.split_once('"').unwrap().0.to_owned()
}

async fn refreshes(app: &App, client: &str, tokens: &Value) -> bool {
    let token = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
    app.token(&form).await.status == StatusCode::OK
}

#[tokio::test]
async fn a_person_sees_what_they_let_in_and_ends_it() {
    let app = App::new();
    let (ended, kept) = (app.public_client().await, app.another_client().await);
    let tokens = app.tokens(&ended, &[]).await;
    app.advance(60);
    let others = app.tokens(&kept, &[("scope", "todos.write")]).await;
    app.advance(120);
    let (mut browser, page) = visit(&app).await;
    for said in
        ["Test client", "Another client", "Add &amp; change your todos", "3 minutes ago", "2 minutes ago"]
    {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let secret = tokens["refresh_token"].as_str().unwrap().split('.').next().unwrap();
    assert!(!page.body.contains(secret), "what a refresh token begins with is not on the page");

    let end = [("csrf", &*csrf(&page)), ("decision", "end"), ("application", &*first(&page))];
    assert_eq!(browser.post(ACCOUNT, &end).await.header("location"), ACCOUNT);
    let page = browser.get(ACCOUNT).await;
    assert!(!page.body.contains("Test client") && page.body.contains("Another client"), "{}", page.body);
    assert!(!refreshes(&app, &ended, &tokens).await);
    assert!(refreshes(&app, &kept, &others).await);
}

#[tokio::test]
async fn a_log_out_ends_the_login_and_on_a_tick_all_access() {
    let app = App::new();
    let client = app.public_client().await;
    for (everywhere, goes_on) in [("no", true), ("yes", false)] {
        let tokens = app.tokens(&client, &[]).await;
        let (mut browser, page) = visit(&app).await;
        let form = [("csrf", &*csrf(&page)), ("decision", "logout"), ("everywhere", everywhere)];
        assert_eq!(browser.post(ACCOUNT, &form).await.header("location"), ACCOUNT);
        let page = browser.get(ACCOUNT).await;
        assert!(page.body.contains("Continue as"), "{}", page.body);
        assert_eq!(refreshes(&app, &client, &tokens).await, goes_on, "{everywhere}");
    }
}

#[tokio::test]
async fn nobody_ends_what_another_person_let_in() {
    let app = App::with(|_| (), |options| options.users = vec!["developer".into(), "mallory".into()]);
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let (_, page) = visit(&app).await;
    let application = first(&page);
    let mut mallory = Browser::new(&app);
    let login = mallory.get(ACCOUNT).await;
    mallory.post(ACCOUNT, &[("csrf", &csrf(&login)), ("decision", "login"), ("user", "mallory")]).await;
    let page = mallory.get(ACCOUNT).await;
    assert!(!page.body.contains("Test client"), "{}", page.body);
    let form = [("csrf", &*csrf(&page)), ("decision", "end"), ("application", &*application)];
    assert_eq!(mallory.post(ACCOUNT, &form).await.status, StatusCode::SEE_OTHER);
    assert!(refreshes(&app, &client, &tokens).await);
}

/// A form of another site, of another browser, or of nobody.
#[tokio::test]
async fn forms_that_the_page_did_not_show_to_this_browser_end_nothing() {
    let app = App::new();
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let (mut browser, page) = visit(&app).await;
    let (_, elsewhere) = visit(&app).await;
    let (own, application) = (csrf(&page), first(&page));
    for csrf in [csrf(&elsewhere), String::new(), format!("{own}x")] {
        let form = [("csrf", &*csrf), ("decision", "end"), ("application", &*application)];
        browser.post(ACCOUNT, &form).await.assert_local_error(403);
    }
    browser.origin = Some("https://evil.example".to_owned());
    let form = [("csrf", &*own), ("decision", "logout"), ("everywhere", "yes")];
    browser.post(ACCOUNT, &form).await.assert_local_error(403);
    let nobody = app.post_form(ACCOUNT, &form).await;
    nobody.assert_local_error(403);
    assert!(refreshes(&app, &client, &tokens).await);
}

const WEB: &str = "https://our.example/cb";
const SECRET: &str = "a secret of enough characters";

/// An issuer with a web application that does not refresh, televisions, and an agent that exchanges the tokens of the application.
fn web(options: &mut IssuerOptions) {
    devices(options);
    let no_refresh = [GrantType::AuthorizationCode].into();
    let web = NamedClient { grant_types: no_refresh, ..NamedClient::public("web", [WEB.parse().unwrap()]) };
    let agent = NamedClient::machine("agent", SECRET, ScopeSet::parse_lossy("todos.read"));
    let exchanges = [GrantType::TokenExchange, GrantType::ClientCredentials].into();
    options.clients.extend([
        NamedClient { name: Some("Our web application".to_owned()), ..web },
        NamedClient { grant_types: exchanges, exchange_from: ["web".to_owned()].into(), ..agent },
    ]);
}

fn at_web() -> String {
    authorize_url("web", &[("redirect_uri", WEB)])
}

/// The web application is let in, and need not ask again; its code.
async fn remembered(app: &App) -> (Browser, String) {
    let mut browser = Browser::new(app);
    let consent = browser.log_in(&at_web()).await;
    let back = browser.submit_with(&consent, "allow", &[("remember", "yes")]).await;
    (browser, back.param("code").expect("a code"))
}

async fn end(browser: &mut Browser, page: &Answer, client_id: &str) {
    let form = [("csrf", &*csrf(page)), ("decision", "end"), ("application", client_id)];
    assert_eq!(browser.post(ACCOUNT, &form).await.header("location"), ACCOUNT);
}

/// What a server of this process asks of each token that it verified.
fn is_refused(app: &App, store: &Store, token: &str) -> bool {
    let claims = app.claims(token);
    let text = |name: &str| claims[name].as_str();
    store.revocations().board().holds(Revocable {
        granted_to: text("granted_to"),
        known: known_revocations(&claims),
        has_login: claims.get("auth_time").is_some(),
        grant_id: text("grant_id"),
        jti: text("jti"),
        subject: text("sub").unwrap(),
        client_id: text("client_id"),
        iat: claims["iat"].as_u64().unwrap(),
    })
}

async fn redeem_at_web(app: &App, code: &str) -> Answer {
    app.token(&changed(&redeem("web", code), ("redirect_uri", WEB))).await
}

#[tokio::test]
async fn an_application_that_need_not_ask_again_is_listed_and_ended_though_it_cannot_renew_its_access() {
    let app = App::with(|_| (), web);
    let (mut browser, _) = remembered(&app).await;
    app.advance(120);
    let again = browser.get(&at_web()).await;
    assert!(again.param("code").is_some(), "it need not ask");
    let page = browser.get(ACCOUNT).await;
    for said in ["Our web application", "need not ask you again", "2 minutes ago", "Read your &lt;todos&gt;"]
    {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("It last got a token"), "it does not renew: {}", page.body);
    end(&mut browser, &page, "web").await;
    let page = browser.get(ACCOUNT).await;
    assert!(!page.body.contains("Our web application"), "{}", page.body);
    let asked = browser.get(&at_web()).await;
    assert!(asked.body.contains("value=\"allow\""), "it asks again: {} {}", asked.status, asked.body);
}

/// It has no refresh token, and the person did not say that it need not ask again.
#[tokio::test]
async fn an_application_is_listed_and_ended_as_long_as_its_access_token_may_be_good() {
    let (store, key) = (fresh_store(), SigningKey::generate().unwrap());
    let app = App::on(
        store.clone(),
        |_| (),
        |options| {
            options.signing_key = KeySource::Given(key);
            options.users = vec!["developer".into(), "mallory".into()];
            web(options);
        },
    );
    let let_in = async || {
        let mut browser = Browser::new(&app);
        let consent = browser.log_in(&at_web()).await;
        let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
        let tokens = redeem_at_web(&app, &code).await.json();
        assert_eq!(tokens.get("refresh_token"), None);
        (browser, tokens["access_token"].as_str().unwrap().to_owned())
    };
    let is_refused = |token: &str| is_refused(&app, &store, token);
    let (mut browser, token) = let_in().await;
    app.advance(60);
    let page = browser.get(ACCOUNT).await;
    for said in ["Our web application", "1 minute ago", "Read your &lt;todos&gt;"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("It last got a token") && !page.body.contains("need not ask you again"));
    let mut mallory = Browser::new(&app);
    let login = mallory.get(ACCOUNT).await;
    mallory.post(ACCOUNT, &[("csrf", &csrf(&login)), ("decision", "login"), ("user", "mallory")]).await;
    let hers = mallory.get(ACCOUNT).await;
    assert!(!hers.body.contains("Our web application"), "{}", hers.body);
    end(&mut mallory, &hers, "web").await;
    assert!(!is_refused(&token));

    end(&mut browser, &page, "web").await;
    assert!(is_refused(&token));
    let page = browser.get(ACCOUNT).await;
    assert!(!page.body.contains("Our web application"), "{}", page.body);

    app.advance(1);
    let (mut browser, _) = let_in().await;
    let lifetime = 15 * 60;
    app.advance(lifetime - 1);
    assert!(browser.get(ACCOUNT).await.body.contains("Our web application"), "its token is good still");
    app.advance(10 * 60 + 2);
    let page = browser.get(ACCOUNT).await;
    assert!(!page.body.contains("Our web application"), "its access has ended: {}", page.body);
}

/// Also what was not redeemed yet, and what it handed on.
#[tokio::test]
async fn with_its_access_all_that_an_application_holds_of_a_person_ends_and_a_new_consent_begins_anew() {
    ends_after(1).await;
}

/// The code by which it came is forgotten after eleven minutes, and tokens live longer.
#[tokio::test]
async fn what_an_application_that_cannot_renew_handed_on_ends_with_it_as_long_as_that_lives() {
    ends_after(12 * 60).await;
}

async fn ends_after(seconds: u64) {
    let (store, key) = (fresh_store(), SigningKey::generate().unwrap());
    let app = App::on(
        store.clone(),
        |_| (),
        |options| {
            options.signing_key = KeySource::Given(key);
            web(options);
        },
    );
    let (mut browser, used) = remembered(&app).await;
    let tokens = redeem_at_web(&app, &used).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let exchange = async || {
        let form = [
            ("client_id", "agent"),
            ("client_secret", SECRET),
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ];
        app.token(&form).await
    };
    let exchanged = exchange().await.json()["access_token"].as_str().unwrap().to_owned();
    let waits = browser.get(&at_web()).await.param("code").unwrap();
    let is_refused = |token: &str| is_refused(&app, &store, token);
    assert!(!is_refused(token) && !is_refused(&exchanged));

    app.advance(seconds);
    assert!(browser.get(&at_web()).await.param("code").is_some(), "what is over is forgotten now");
    let page = browser.get(ACCOUNT).await;
    end(&mut browser, &page, "web").await;
    assert!(is_refused(token) && is_refused(&exchanged));
    redeem_at_web(&app, &waits).await.assert_error(400, "invalid_grant");
    exchange().await.assert_error(400, "invalid_request");

    app.advance(1);
    let consent = browser.get(&at_web()).await;
    let back = browser.submit(&consent, "allow").await;
    let anew = redeem_at_web(&app, &back.param("code").unwrap()).await;
    assert_eq!(anew.status, StatusCode::OK, "{}", anew.body);
    assert!(!is_refused(anew.json()["access_token"].as_str().unwrap()));
}

#[tokio::test]
async fn a_device_that_was_let_in_and_has_not_come_yet_gets_nothing_after_the_end() {
    let app = App::with(|_| (), web);
    let poll = async |code: &str| {
        app.token(&[("grant_type", DEVICE), ("client_id", "tv"), ("device_code", code)]).await
    };
    let (first, user_code) = television(&app).await;
    answer(&app, &user_code, "allow").await;
    let tokens = poll(&first).await.json();
    let (second, user_code) = television(&app).await;
    answer(&app, &user_code, "allow").await;
    let (mut browser, page) = visit(&app).await;
    end(&mut browser, &page, "tv").await;
    poll(&second).await.assert_error(400, "invalid_grant");
    assert!(!refreshes(&app, "tv", &tokens).await);
}

/// Several logins of one application are one thing to a person.
#[tokio::test]
async fn an_application_with_several_grants_is_listed_once_and_all_of_them_end() {
    let app = App::new();
    let client = app.public_client().await;
    let one = app.tokens(&client, &[]).await;
    app.advance(60);
    let other = app.tokens(&client, &[("scope", "todos.write")]).await;
    let (mut browser, page) = visit(&app).await;
    assert_eq!(page.body.matches("name=\"application\"").count(), 1, "{}", page.body);
    for said in ["Read your &lt;todos&gt;", "Add &amp; change your todos", "1 minute ago", "just now"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    end(&mut browser, &page, &first(&page)).await;
    assert!(!refreshes(&app, &client, &one).await && !refreshes(&app, &client, &other).await);
}
