//! Pages are in the language that an application (`ui_locales`) or else the browser asks for (`Accept-Language`), and in no other.

use http::StatusCode;
use mcp_auth_issuer::SecondFactorPolicy;

use crate::accounts::{PASSWORD, site_with, unlimited};
use crate::confirm::{Bench, URL as CALL};
use crate::device;
use crate::factors::{FACTORS, key, overview, press, shown, wrong};
use crate::harness::*;

/// Words that no German text has, each of which nearly every English sentence has one of.
const ENGLISH: [&str; 30] = [
    "the",
    "you",
    "your",
    "and",
    "is",
    "it",
    "its",
    "not",
    "with",
    "this",
    "that",
    "of",
    "to",
    "for",
    "log",
    "allow",
    "deny",
    "are",
    "here",
    "has",
    "have",
    "one",
    "than",
    "passkey's",
    "application",
    "answer",
    "again",
    "close",
    "back",
    "password",
];
/// What the tests and the configuration say, in English whatever the page is.
const SAID_BY_OTHERS: [&str; 6] = [
    "Read your <todos>",
    "Add & change your todos",
    "Test client",
    "delete \\u{202e}it",
    "mcp-auth",
    "Read the files in",
];

fn speaking(app: &App, language: Option<String>) -> Browser {
    let mut browser = Browser::new(app);
    browser.language = language;
    browser
}

fn german(app: &App) -> Browser {
    speaking(app, Some("de-DE,de;q=0.9,en;q=0.8".to_owned()))
}

/// The text that a person reads, hears, or sees in the tab.
fn text(page: &Answer) -> String {
    let body = page.body.split_once("</style>").expect("a style").1;
    let title = page.body.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
    let mut text = format!("{title} ");
    let mut rest = body;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let (tag, mut behind) = tag.split_once('>').unwrap_or((tag, ""));
        // What is wrong with a request is for its developers, in their language, and says so.
        if tag == "code lang=\"en\"" {
            behind = behind.split_once("</code>").unwrap().1;
        }
        if let Some((_, label)) = tag.split_once("aria-label=\"") {
            text.push_str(label.split_once('"').unwrap().0);
        }
        rest = behind;
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    SAID_BY_OTHERS.iter().fold(text, |text, said| text.replace(said, " "))
}

fn english_words(page: &Answer) -> Vec<String> {
    let text = text(page);
    let words = text.split(|c: char| !c.is_alphabetic() && c != '-' && c != '\'');
    words.map(str::to_lowercase).filter(|word| ENGLISH.contains(&word.as_str())).collect()
}

/// Everything on this page is German, and it says so.
#[track_caller]
fn assert_german(page: &Answer) {
    assert!(page.body.contains("<html lang=\"de\">"), "{} {}", page.status, page.body);
    assert_eq!(page.header("content-language"), "de");
    assert_eq!(page.header("vary"), "Accept-Language");
    assert_eq!(english_words(page), Vec::<String>::new(), "{}", text(page));
}

#[track_caller]
fn assert_english(page: &Answer) {
    assert!(page.body.contains("<html lang=\"en\">"), "{} {}", page.status, page.body);
    assert_eq!(page.header("content-language"), "en");
    assert!(english_words(page).len() > 3, "{}", text(page));
}

#[tokio::test]
async fn login_and_consent_are_german_where_the_browser_prefers_it() {
    let app = App::new();
    let client = app.public_client().await;
    let url = authorize_url(&client, &[("scope", "todos.read todos.write admin offline_access")]);
    let mut browser = german(&app);
    let login = browser.get(&url).await;
    assert_german(&login);
    let refused = browser.answer_login(&login, &[("user", "mallory")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    assert_german(&refused);
    let consent = browser.log_in(&url).await;
    assert_german(&consent);
    let write = browser.get(&authorize_url(&client, &[("scope", "todos.write")])).await;
    let unticked = browser.submit_with(&write, "allow", &[]).await;
    assert_eq!(unticked.status, StatusCode::BAD_REQUEST, "{}", unticked.body);
    assert_german(&unticked);
    browser.submit(&consent, "allow").await.param("code").expect("a code");
    // What was allowed before, and what is new; an answer that leaves this computer.
    let web = metadata(&["https://xn--pple-43d.example/callback"], "none");
    let web = app.register(&web).await.json()["client_id"].as_str().unwrap().to_owned();
    let elsewhere = [("redirect_uri", "https://xn--pple-43d.example/callback")];
    assert_german(&browser.get(&authorize_url(&web, &elsewhere)).await);
    let more = authorize_url(&client, &[("scope", "todos.read files:a:read")]);
    assert_german(&browser.get(&more).await);
    assert_english(&Browser::new(&app).get(&url).await);
}

#[tokio::test]
async fn what_the_application_asks_for_comes_before_what_the_browser_does() {
    let app = App::new();
    let client = app.public_client().await;
    let asks = |locales: &str| authorize_url(&client, &[("ui_locales", locales)]);
    assert_german(&Browser::new(&app).get(&asks("de-AT en")).await);
    assert_german(&Browser::new(&app).get(&asks("fr de")).await);
    assert_english(&german(&app).get(&asks("en de")).await);
    // One that no page is written in says nothing.
    assert_german(&german(&app).get(&asks("fr")).await);
    assert_english(&Browser::new(&app).get(&asks("fr")).await);
}

#[tokio::test]
async fn a_hostile_list_of_languages_gives_english() {
    let app = App::new();
    let url = authorize_url(&app.public_client().await, &[]);
    let long = format!("de,{}", "fr;q=0.5,".repeat(1_100));
    for list in [&*long, "de;q=9", "\u{1}", "<script>", ";;;;", "de;q=0", ",,,,,,,,", "*;q=0", "%64%65"] {
        let language = Some(list.to_owned()).filter(|list| http::HeaderValue::from_str(list).is_ok());
        let page = speaking(&app, language).get(&url).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_english(&page);
    }
}

#[tokio::test]
async fn pages_of_errors_are_german_too() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = german(&app);
    for url in [
        authorize_url("nobody", &[]),
        authorize_url(&client, &[("redirect_uri", "https://evil.example/")]),
        authorize_url(&client, &[("response_type", "token")]),
        authorize_url("https://localhost/client.json", &[]),
        "/authorize".to_owned(),
        "/authorize?client_id=a&client_id=b".to_owned(),
        format!("/authorize?state={}", "x".repeat(17_000)),
        "/authorize/login?state=nothing".to_owned(),
    ] {
        let page = browser.get(&url).await;
        assert!(page.status.is_client_error(), "{url}: {} {}", page.status, page.body);
        assert_german(&page);
    }
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    browser.submit(&consent, "allow").await.param("code").expect("a code");
    assert_german(&browser.submit(&consent, "allow").await);
    let mut elsewhere = browser.clone();
    elsewhere.origin = Some("https://evil.example".to_owned());
    assert_german(&elsewhere.submit(&consent, "allow").await);
    assert_german(&german(&app).submit(&consent, "allow").await);
}

#[tokio::test]
async fn pages_of_devices_calls_and_the_account_are_german_too() {
    let app = device::app();
    let mut browser = german(&app);
    assert_german(&browser.get(device::PAGE).await);
    let page = device::log_in(&mut browser, device::PAGE, "developer").await;
    assert_german(&page);
    assert_german(&device::enter(&mut browser, &page, "BCDF-GHJK").await);
    assert_german(&device::enter(&mut browser, &page, "?").await);
    for decision in ["allow", "deny"] {
        let (_, code) = device::television(&app).await;
        app.advance(61);
        let consent = device::enter(&mut browser, &page, &code).await;
        assert_german(&consent);
        assert_german(&browser.submit(&consent, decision).await);
    }
    let account = browser.get("/account").await;
    assert!(account.body.contains("Ihr Zugriff"), "{}", account.body);
    assert_german(&account);

    let bench = Bench::new().await;
    let mut browser = german(&bench.app);
    assert_german(&browser.get(CALL).await);
    let page = crate::confirm::log_in(&mut browser, "alice").await;
    assert_german(&page);
    assert_german(&browser.submit(&page, "deny").await);
    assert_german(&browser.get(CALL).await);
}

#[tokio::test]
async fn pages_of_accounts_are_german_too() {
    let (app, operator, ..) = site_with(unlimited()).await;
    let mut browser = german(&app);
    let login = browser.get(FACTORS).await;
    assert_german(&login);
    assert_german(&browser.answer_login(&login, &[("username", "ann"), ("password", "wrong")]).await);
    let page = overview(&mut browser).await;
    assert_german(&page);
    let setup = press(&mut browser, &page, "begin", &[]).await;
    assert_german(&setup);
    let key = key(&setup);
    assert_german(&press(&mut browser, &setup, "confirm", &[("code", &wrong(&key, START))]).await);
    let codes = press(&mut browser, &setup, "confirm", &[("code", &shown(&key, START))]).await;
    assert_eq!(codes.status, StatusCode::OK, "{}", codes.body);
    assert_german(&codes);
    let page = browser.get(FACTORS).await;
    assert_german(&page);
    for decision in ["begin-password", "begin-passkey", "renew", "nothing"] {
        assert_german(&press(&mut browser, &page, decision, &[("name", "Telefon")]).await);
    }
    let change = [("current", PASSWORD), ("password", "short"), ("again", "short")];
    assert_german(&press(&mut browser, &page, "change-password", &change).await);

    let link = operator.reset("ann", false).await.unwrap();
    let reset = browser.get(link.path.expose()).await;
    assert_german(&reset);
    let set = |password: &'static str, again: &'static str| {
        let csrf = csrf(&reset);
        vec![("csrf", csrf), ("password", password.to_owned()), ("again", again.to_owned())]
    };
    for form in [
        set("a", "b"),
        set("ann ann ann ann", "ann ann ann ann"),
        set("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa"),
    ] {
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_german(&browser.post(link.path.expose(), &form).await);
    }
    let form = set("vier Worte passen zusammen", "vier Worte passen zusammen");
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_german(&browser.post(link.path.expose(), &form).await);
    assert_german(&browser.get(link.path.expose()).await);
}

#[tokio::test]
async fn the_second_step_of_a_login_is_german_too() {
    let mut options = unlimited();
    options.second_factor = SecondFactorPolicy::Required;
    let (app, ..) = site_with(options).await;
    let url = authorize_url(&app.public_client().await, &[]);
    let mut browser = german(&app);
    let login = browser.get(&url).await;
    let setup = browser.answer_login(&login, &[("username", "ann"), ("password", PASSWORD)]).await;
    assert_german(&setup);
    let key = key(&setup);
    assert_german(&browser.answer_login(&setup, &[("code", &wrong(&key, START)), ("begun", "")]).await);
    let once = browser.answer_login(&setup, &[("code", &shown(&key, START))]).await;
    assert_german(&once);
    app.advance(60);
    let mut browser = german(&app);
    let login = browser.get(&url).await;
    let second = browser.answer_login(&login, &[("username", "ann"), ("password", PASSWORD)]).await;
    assert_german(&second);
    assert_german(&browser.answer_login(&second, &[("code", "000000")]).await);
}
