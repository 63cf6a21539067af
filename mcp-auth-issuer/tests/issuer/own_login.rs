//! People log in on a page of an application that has its own users: the way there and back.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::{Request as HttpRequest, StatusCode};
use mcp_auth_core::SecretText;
use mcp_auth_issuer::own_login::{
    Answer as Login, AnswerKey, OwnLogin, OwnLoginCheck, OwnLoginOptions, Request, SharedKey, cancelled,
};
use mcp_auth_issuer::{Fetch, FetchError, FetchFuture, FetchRequest, Fetched, Store};
use mcp_auth_store::{Answer as Said, Confirmation, SecretHash, Taken};
use url::Url;

use crate::device::devices;
use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;

pub(crate) const PAGE: &str = "https://app.example/login?for=mcp";
pub(crate) const APPLICATION: &str = "https://app.example";
pub(crate) const SECRET: &str = "the secret that application and issuer share";

pub(crate) fn key() -> SharedKey {
    SharedKey::new(&SecretText::new(SECRET)).unwrap()
}

/// The status and the body of an answer, or that there is none.
type Reply = Result<(u16, Vec<u8>), FetchError>;

/// Another server that gives one answer, or always the same, and what it was asked.
#[derive(Default)]
struct Asked {
    answer: Mutex<Option<Reply>>,
    always: Mutex<Option<&'static str>>,
    requests: Mutex<Vec<FetchRequest>>,
}

impl Fetch for Asked {
    fn fetch(&self, request: FetchRequest, max_bytes: usize) -> FetchFuture<'_> {
        self.requests.lock().unwrap().push(request);
        let always = || self.always.lock().unwrap().map(|text| Ok((200, text.as_bytes().to_vec())));
        let answer = self.answer.lock().unwrap().take().or_else(always).expect("nobody is asked here");
        let answer = answer.and_then(|(status, body)| match body.len() > max_bytes {
            true => Err(FetchError::TooLarge { limit: max_bytes }),
            false => Ok(Fetched {
                status: StatusCode::from_u16(status).unwrap(),
                headers: http::HeaderMap::new(),
                body: body.into(),
            }),
        });
        Box::pin(async { answer })
    }
}

pub(crate) fn options(key: AnswerKey) -> OwnLoginOptions {
    OwnLoginOptions { url: PAGE.parse().unwrap(), key, issuer: None, check: None, acr_values: Vec::new() }
}

pub(crate) fn app_with(options: OwnLoginOptions) -> App {
    on(fresh_store(), options)
}

fn on(store: Store, options: OwnLoginOptions) -> App {
    App::by_login(store, OwnLogin::new(options, Arc::new(Asked::default())))
}

fn app() -> App {
    app_with(options(AnswerKey::shared(key())))
}

/// Presses the button of the login page; what the application's page is asked.
pub(crate) async fn leave(browser: &mut Browser, url: &str) -> Request {
    let page = browser.get(url).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    leave_from(browser, &page).await
}

async fn leave_from(browser: &mut Browser, page: &Answer) -> Request {
    assert!(page.body.contains("Continue to <bdi>app.example</bdi>"), "{}", page.body);
    let away = browser.submit(page, "login").await;
    assert_eq!(away.status, StatusCode::SEE_OTHER, "{}", away.body);
    assert_eq!(away.header("referrer-policy"), "no-referrer");
    assert_eq!(away.header("cache-control"), "no-store");
    let location = away.header("location").to_owned();
    assert!(location.starts_with(&format!("{PAGE}&transaction=")), "{location}");
    Request::read(Url::parse(&location).unwrap().query().unwrap()).expect("a request")
}

/// What the application answers about a user who logged in just now.
pub(crate) fn answer(transaction: &str) -> Login<'_> {
    Login {
        issuer: ISSUER,
        application: APPLICATION,
        transaction,
        subject: "user-17",
        auth_time: START - 5,
        name: Some("Ann <Lee>"),
        acr: Some("gold"),
        amr: &["pwd", "otp"],
    }
}

/// The path and query of where a browser is sent back to.
pub(crate) fn path(location: &str) -> &str {
    location.strip_prefix(ISSUER).expect("back to the issuer")
}

pub(crate) fn good(transaction: &str) -> String {
    path(&answer(transaction).location(&key(), START)).to_owned()
}

/// Asserts that nobody is logged in at this browser.
pub(crate) async fn is_nobody(browser: &mut Browser, url: &str) {
    let page = browser.get(url).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("Continue to") && !page.body.contains("value=\"allow\""), "{}", page.body);
}

#[tokio::test]
async fn a_person_logs_in_at_the_application_and_the_token_says_who_when_and_how() {
    let app = app();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[("login_hint", "ann@app.example"), ("acr_values", "gold")]);
    let request = leave(&mut browser, &url).await;
    assert_eq!(request.client_name.as_deref(), Some("Test client"));
    assert_eq!(request.login_hint.as_deref(), Some("ann@app.example"));
    assert_eq!(request.acr_values.as_deref(), Some("gold"));
    assert!(!request.again && request.max_age.is_none());

    let before = browser.cookies.header();
    let back = browser.get(&good(&request.transaction)).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    assert_eq!(back.header("referrer-policy"), "no-referrer");
    assert_ne!(browser.cookies.header(), before, "the session identifier is a new one after a login");
    let consent = browser.get(back.header("location")).await;
    assert!(consent.body.contains("<bdi>Ann &lt;Lee&gt;</bdi>"), "{}", consent.body);
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let tokens = app.token(&redeem(&client, &code)).await.json();
    let claims = app.claims(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["auth_time"]), (&"user-17".into(), &(START - 5).into()));
    assert_eq!((&claims["acr"], &claims["amr"]), (&"gold".into(), &serde_json::json!(["pwd", "otp"])));
    assert_eq!(claims.get("name"), None);
    // Without a check people are known until their grants end, and the application is not asked.
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &*client),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(app.token(&refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn p15_an_answer_counts_once_in_the_browser_that_began_the_login_and_within_ten_minutes() {
    let app = app();
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);

    // Replayed.
    let mut browser = Browser::new(&app);
    let first = leave(&mut browser, &url).await.transaction;
    assert_eq!(browser.get(&good(&first)).await.status, StatusCode::SEE_OTHER);
    browser.get(&good(&first)).await.assert_local_error(400);

    // Of another browser, with a cookie of its own and without one; there it is used up.
    for knows_the_site in [true, false] {
        let (mut hers, mut his) = (Browser::new(&app), Browser::new(&app));
        let transaction = leave(&mut hers, &url).await.transaction;
        if knows_the_site {
            leave(&mut his, &url).await;
        }
        let refused = his.get(&good(&transaction)).await;
        refused.assert_local_error(400);
        assert!(!refused.headers.contains_key("set-cookie"));
        is_nobody(&mut his, &url).await;
        assert_eq!(hers.get(&good(&transaction)).await.status.as_u16() == 303, !knows_the_site);
    }

    // Absent, forged, and of another login of the same browser.
    let mut browser = Browser::new(&app);
    let (one, two) =
        (leave(&mut browser, &url).await.transaction, leave(&mut browser, &url).await.transaction);
    let forged = "A".repeat(43);
    for path in [
        "/authorize/login".to_owned(),
        "/authorize/login?answer=x".to_owned(),
        good(&forged),
        good("").replace("transaction=&", ""),
        format!("{}&transaction={one}", good(&one)),
        format!("{}&answer=x", good(&two)),
    ] {
        browser.get(&path).await.assert_local_error(400);
    }
    let mixed = good(&one).replace(&format!("transaction={one}"), &format!("transaction={two}"));
    assert_eq!(browser.get(&mixed).await.status, StatusCode::FORBIDDEN);
    is_nobody(&mut browser, &url).await;
    assert_eq!(browser.get(&good(&one)).await.status, StatusCode::SEE_OTHER, "the allow twin");

    // Eleven minutes later, with an answer of then; nine minutes later it counts.
    for (minutes, status) in [(9, StatusCode::SEE_OTHER), (11, StatusCode::BAD_REQUEST)] {
        let app = self::app();
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let transaction = leave(&mut browser, &authorize_url(&client, &[])).await.transaction;
        app.advance(minutes * 60);
        let location = answer(&transaction).location(&key(), START + minutes * 60);
        assert_eq!(browser.get(path(&location)).await.status, status, "{minutes} minutes");
    }
}

#[tokio::test]
async fn an_answer_comes_to_this_address_as_a_page_of_its_own_and_never_by_post() {
    let app = app();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let transaction = leave(&mut browser, &authorize_url(&client, &[])).await.transaction;
    let cookie = browser.cookies.header().unwrap();
    let request = || HttpRequest::get(good(&transaction)).header("cookie", &cookie);
    let send = async |request: http::request::Builder| app.send(request.body(Body::empty()).unwrap()).await;
    send(request().header("host", "evil.example")).await.assert_local_error(403);
    send(request().header("sec-fetch-mode", "no-cors")).await.assert_local_error(403);
    let posted = browser.post("/authorize/login", &[("transaction", &*transaction), ("answer", "x")]).await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
    // None of them used it up.
    let back = send(request().header("host", "localhost:8080").header("sec-fetch-mode", "navigate")).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
}

#[tokio::test]
async fn a_form_with_an_answer_in_it_is_no_return_and_leads_away_as_every_form() {
    let app = app();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[]);
    let transaction = leave(&mut browser, &url).await.transaction;
    let page = browser.get(&url).await;
    let jwt = answer(&transaction).sign(&key(), START);
    let form =
        [("csrf", &*csrf(&page)), ("decision", "login"), ("transaction", &*transaction), ("answer", &*jwt)];
    let away = browser.post(&form_action(&page), &form).await;
    assert!(away.header("location").starts_with(PAGE), "{} {}", away.status, away.body);
    assert!(!away.header("location").contains(&transaction), "each leave has a name of its own");
    is_nobody(&mut browser, &url).await;
}

#[tokio::test]
async fn who_does_not_log_in_there_sees_the_page_again_and_can_go_back_to_the_client() {
    let app = app();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[]);
    let transaction = leave(&mut browser, &url).await.transaction;
    let page = browser.get(path(&cancelled(ISSUER, &transaction))).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("You did not log in."), "{}", page.body);
    let again = leave_from(&mut browser, &page).await;
    for (error, status) in
        [("access_denied", StatusCode::FORBIDDEN), ("server_error", StatusCode::SERVICE_UNAVAILABLE)]
    {
        let transaction = leave(&mut browser, &url).await.transaction;
        let page = browser.get(&format!("/authorize/login?transaction={transaction}&error={error}")).await;
        assert_eq!(page.status, status, "{}", page.body);
        let is_passing = status == StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(page.header("retry-after"), if is_passing { "30" } else { "" });
        is_nobody(&mut browser, &url).await;
    }
    // An answer beside an error is neither.
    let both = format!("{}&error=access_denied", good(&again.transaction));
    assert_eq!(browser.get(&both).await.status, StatusCode::FORBIDDEN);
    is_nobody(&mut browser, &url).await;
    let cancelled = browser.submit(&page, "deny").await;
    cancelled.assert_redirect_error("access_denied");
}

#[tokio::test]
async fn a_new_login_or_a_younger_one_is_asked_for_there_and_an_older_one_is_refused() {
    for (extra, age, counts) in [
        (("prompt", "login"), 5, true),
        (("prompt", "login"), 60, false),
        (("max_age", "300"), 200, true),
        (("max_age", "300"), 400, false),
        (("max_age", "0"), 60, false),
        (("state", "x"), 90_000, true),
    ] {
        let app = app();
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let url = authorize_url(&client, &[extra]);
        let request = leave(&mut browser, &url).await;
        assert_eq!(request.again, extra.0 == "prompt");
        assert_eq!(
            request.max_age.map(|age| age.to_string()).as_deref(),
            Some(extra.1).filter(|_| extra.0 == "max_age")
        );
        let said = Login { auth_time: START - age, ..answer(&request.transaction) };
        let back = browser.get(path(&said.location(&key(), START))).await;
        match counts {
            true => {
                assert_eq!(back.status, StatusCode::SEE_OTHER, "{extra:?} {age}: {}", back.body);
                let consent = browser.get(back.header("location")).await;
                assert!(consent.body.contains("value=\"allow\""), "{}", consent.body);
            }
            false => {
                assert_eq!(back.status, StatusCode::FORBIDDEN, "{extra:?} {age}");
                assert!(back.body.contains("asks for a new login"), "{}", back.body);
                is_nobody(&mut browser, &url).await;
            }
        }
    }
}

#[tokio::test]
async fn p12_the_name_of_a_client_is_passed_on_in_one_line_and_cut() {
    let app = app();
    let mut metadata = metadata(&[REDIRECT], "none");
    metadata["client_name"] = format!("a\nb\u{202e}&transaction=x{}", "y".repeat(500)).into();
    let client = app.register(&metadata).await.json()["client_id"].as_str().unwrap().to_owned();
    let mut browser = Browser::new(&app);
    let name = leave(&mut browser, &authorize_url(&client, &[])).await.client_name.unwrap();
    assert!(!name.contains(['\n', '\u{202e}']) && name.chars().count() <= 61, "{name:?}");
}

#[tokio::test]
async fn a_user_with_the_name_of_a_configured_client_is_not_let_in() {
    let app = app();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[]);
    let transaction = leave(&mut browser, &url).await.transaction;
    let said = Login { subject: "nightly job", ..answer(&transaction) };
    let back = browser.get(path(&said.location(&key(), START))).await;
    assert_eq!(back.status, StatusCode::FORBIDDEN, "{}", back.body);
    is_nobody(&mut browser, &url).await;
}

#[tokio::test]
async fn a_store_that_is_down_lets_nobody_in_and_uses_no_answer_up() {
    let outage = fresh_outage();
    let app = on(outage.store(), options(AnswerKey::shared(key())));
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[]);
    let page = browser.get(&url).await;
    outage.begin();
    browser.submit(&page, "login").await.assert_local_error(503);
    outage.end();
    let transaction = leave_from(&mut browser, &page).await.transaction;
    outage.begin();
    browser.get(&good(&transaction)).await.assert_local_error(503);
    outage.end();
    assert_eq!(browser.get(&good(&transaction)).await.status, StatusCode::SEE_OTHER);
}

/// An issuer that asks the application who has an account, and what it was asked.
fn asking() -> (App, Arc<Asked>) {
    let asked = Arc::new(Asked::default());
    let fetch: Arc<dyn Fetch> = asked.clone();
    (App::by_login(fresh_store(), OwnLogin::new(checking(), fetch)), asked)
}

/// The options of a login that asks the application about its people.
fn checking() -> OwnLoginOptions {
    let check = OwnLoginCheck {
        url: "https://app.example/check".parse().unwrap(),
        secret: SecretText::new("a secret for asking"),
    };
    OwnLoginOptions { check: Some(check), ..options(AnswerKey::shared(key())) }
}

/// The same, and a refresh token of a user of the application.
async fn checked() -> (App, Arc<Asked>, String, String) {
    let (app, asked) = asking();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let transaction = leave(&mut browser, &authorize_url(&client, &[])).await.transaction;
    let back = browser.get(&good(&transaction)).await;
    assert!(asked.requests.lock().unwrap().is_empty(), "a login is its own proof");
    *asked.always.lock().unwrap() = Some(r#"{"active":true}"#);
    let consent = browser.get(back.header("location")).await;
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let tokens = app.token(&redeem(&client, &code)).await.json();
    let token = tokens["refresh_token"].as_str().unwrap().to_owned();
    *asked.always.lock().unwrap() = None;
    asked.requests.lock().unwrap().clear();
    (app, asked, client, token)
}

#[tokio::test]
async fn a_refresh_asks_the_application_whether_the_person_still_has_an_account() {
    let (app, asked, client, token) = checked().await;
    let refresh = async |token: &str, answer: &str| {
        *asked.answer.lock().unwrap() = Some(Ok((200, answer.as_bytes().to_vec())));
        app.token(&[("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", token)]).await
    };
    let answer = refresh(&token, r#"{"active":true}"#).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    {
        let requests = asked.requests.lock().unwrap();
        let request = &requests[0];
        assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://app.example/check"));
        assert_eq!(request.headers["authorization"], "Bearer a secret for asking");
        assert!(request.headers["authorization"].is_sensitive());
        assert_eq!(&*request.body, br#"{"sub":"user-17"}"#);
    }
    let token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    refresh(&token, r#"{"active":false}"#).await.assert_error(400, "invalid_grant");
    let form = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", &*token)];
    let dead = app.token(&form);
    dead.await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn an_application_that_cannot_say_who_has_an_account_is_our_trouble_and_ends_nothing() {
    let (app, asked, client, token) = checked().await;
    let refresh = async |answer: Reply| {
        *asked.answer.lock().unwrap() = Some(answer);
        app.token(&[("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", &token)]).await
    };
    let text = |status, text: &str| Ok((status, text.as_bytes().to_vec()));
    for trouble in [
        Err(FetchError::Timeout),
        text(500, r#"{"active":false}"#),
        text(404, r#"{"active":true}"#),
        text(302, r#"{"active":true}"#),
        text(200, "<html>"),
        text(200, "{}"),
        text(200, "true"),
        text(200, r#"{"active":"true"}"#),
        text(200, r#"{"active":1}"#),
        text(200, r#"{"active":true,"active":false}"#),
        Ok((200, vec![b' '; 1024 * 1024])),
    ] {
        refresh(trouble).await.assert_error(503, "temporarily_unavailable");
    }
    assert_eq!(refresh(text(200, r#"{"active":true}"#)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_login_of_before_counts_only_while_the_application_says_that_its_user_has_an_account() {
    let (app, asked) = asking();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[]);
    let transaction = leave(&mut browser, &url).await.transaction;
    assert_eq!(browser.get(&good(&transaction)).await.status, StatusCode::SEE_OTHER);
    let says = |text| *asked.always.lock().unwrap() = Some(text);
    says(r#"{"active":true}"#);
    assert!(browser.get(&url).await.body.contains("value=\"allow\""));
    says("<html>");
    browser.get(&url).await.assert_local_error(503);
    says(r#"{"active":false}"#);
    is_nobody(&mut browser, &url).await;
}

/// The store has done nothing wrong.
#[tokio::test]
async fn an_application_that_does_not_answer_is_not_told_as_a_store_that_is_down_on_any_page() {
    let (store, asked) = (fresh_store(), Arc::new(Asked::default()));
    let login = OwnLogin::new(checking(), asked.clone());
    let app = App::on_with_login(store.clone(), login, devices);
    let id = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let call = Confirmation {
        subject: "user-17".into(),
        client_id: None,
        tool: "delete".into(),
        connects: None,
        arguments: "{}".into(),
        expires_at: START + 600,
    };
    store.confirmations().ask(SecretHash::of(id), call, START).await.unwrap();
    let (mut browser, url) = (Browser::new(&app), authorize_url(&app.public_client().await, &[]));
    let transaction = leave(&mut browser, &url).await.transaction;
    assert_eq!(browser.get(&good(&transaction)).await.status, StatusCode::SEE_OTHER);
    let confirm = format!("/authorize/confirm?id={id}");
    for page in [&*url, "/account", "/authorize/device", &*confirm] {
        *asked.always.lock().unwrap() = Some("<html>");
        let down = browser.get(page).await;
        assert_eq!(down.status, StatusCode::SERVICE_UNAVAILABLE, "{page}: {}", down.body);
        assert_eq!(down.header("retry-after"), "30", "{page}");
        assert!(down.body.contains("cannot reach something that it needs"), "{page}: {}", down.body);
        assert!(!down.body.contains("store"), "{page}: {}", down.body);
        *asked.always.lock().unwrap() = Some(r#"{"active":true}"#);
        assert_eq!(browser.get(page).await.status, StatusCode::OK, "{page}");
    }
}

#[tokio::test]
async fn people_come_back_to_their_own_page_and_to_the_page_for_devices_too_once_and_in_their_browser() {
    for url in ["/account", "/authorize/device", "/authorize/device?user_code=WDJB-MJHT"] {
        let login = OwnLogin::new(options(AnswerKey::shared(key())), Arc::new(Asked::default()));
        let app = App::with_login(login, devices);
        let mut browser = Browser::new(&app);
        let transaction = leave(&mut browser, url).await.transaction;
        let back = browser.get(&good(&transaction)).await;
        assert_eq!((back.status, back.header("location")), (StatusCode::SEE_OTHER, url), "{}", back.body);
        let page = browser.get(url).await;
        assert!(page.body.contains("<bdi>Ann &lt;Lee&gt;</bdi>"), "{}", page.body);
        browser.get(&good(&transaction)).await.assert_local_error(400);

        let mut theirs = Browser::new(&app);
        let transaction = leave(&mut theirs, url).await.transaction;
        browser.get(&good(&transaction)).await.assert_local_error(400);
        is_nobody(&mut theirs, url).await;
    }
}

const ID: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const CALL: &str = "/authorize/confirm?id=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

#[tokio::test]
async fn a_call_is_confirmed_by_its_person_who_logs_in_there_anew_and_by_nobody_else() {
    for (subject, age, taken) in [
        ("user-17", 0, Taken::Waiting),
        ("user-17", 60, Taken::Waiting),
        ("user-18", 0, Taken::Answered(Said::Foreign)),
    ] {
        let store = fresh_store();
        let app = on(store.clone(), options(AnswerKey::shared(key())));
        let call = Confirmation {
            subject: "user-17".into(),
            client_id: None,
            tool: "delete".into(),
            connects: None,
            arguments: "{}".into(),
            expires_at: START + 600,
        };
        store.confirmations().ask(SecretHash::of(ID), call, START).await.unwrap();
        let mut browser = Browser::new(&app);
        let request = leave(&mut browser, CALL).await;
        assert!(request.again, "an earlier login does not count");
        let said = Login { subject, auth_time: START - age, ..answer(&request.transaction) };
        let back = browser.get(path(&said.location(&key(), START))).await;
        assert_eq!(
            store.confirmations().take(SecretHash::of(ID), START).await.unwrap(),
            taken,
            "{subject} {age}"
        );
        assert_eq!(back.status.as_u16() == 303, subject == "user-17" && age == 0, "{}", back.body);
        if back.status == StatusCode::SEE_OTHER {
            let page = browser.get(back.header("location")).await;
            assert!(page.body.contains("delete"), "{}", page.body);
            browser.submit(&page, "allow").await;
            let taken = store.confirmations().take(SecretHash::of(ID), START).await.unwrap();
            assert_eq!(taken, Taken::Answered(Said::Allowed));
        }
    }
}

/// What is kept of each login that is elsewhere is one of a bounded number.
#[tokio::test]
async fn p30_a_stranger_who_begins_many_logins_has_to_wait_and_the_others_go_on() {
    let app = app();
    let client = app.public_client().await;
    let at = |address: &str| Browser::from(&app, address);
    for (url, elsewhere) in
        [(authorize_url(&client, &[]), "192.0.2.9"), ("/account".to_owned(), "192.0.2.10")]
    {
        let mut person = at("192.0.2.1");
        let request = leave(&mut person, &url).await;
        let mut stranger = at(elsewhere);
        let page = stranger.get(&url).await;
        let mut refused = None;
        for n in 0..100 {
            let answer = stranger.submit(&page, "login").await;
            match answer.status {
                StatusCode::SEE_OTHER => assert!(n < 60, "{url} {n}"),
                status => {
                    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{url} {n}: {}", answer.body);
                    assert_eq!(answer.header("retry-after"), "2");
                    refused = refused.or(Some(n));
                }
            }
        }
        assert_eq!(refused, Some(60), "{url}");
        leave(&mut at("192.0.2.2"), &url).await;
        let back = person.get(&good(&request.transaction)).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    }
    app.advance(10 * 60);
    leave(&mut at("192.0.2.9"), "/account").await;
}

/// A customer with an IPv6 network of 48 bits has 65 536 addresses of the other kind.
#[tokio::test]
async fn p30_who_has_many_ipv6_networks_begins_four_times_as_many_logins_and_no_more() {
    let app = app();
    let mut begun = 0;
    for network in 0..300 {
        let mut stranger = Browser::from(&app, &format!("2001:db8:1:{network:x}::1"));
        let page = stranger.get("/account").await;
        begun += usize::from(stranger.submit(&page, "login").await.status == StatusCode::SEE_OTHER);
    }
    assert_eq!(begun, 240);
    leave(&mut Browser::from(&app, "2001:db8:2::1"), "/account").await;
}

/// An application that can do these, the strongest first.
fn graded() -> App {
    let acr_values = ["gold", "silver"].map(|acr| acr.parse().unwrap()).into();
    app_with(OwnLoginOptions { acr_values, ..options(AnswerKey::shared(key())) })
}

/// A client that somebody allowed before: errors of one that nobody did are shown on a page.
async fn known_client(app: &App) -> String {
    let client = app.public_client().await;
    let mut browser = Browser::new(app);
    let (_, consent) = comes_back(&mut browser, &authorize_url(&client, &[]), Some("gold")).await;
    browser.submit(&consent, "allow").await.param("code").expect("a code");
    client
}

/// Presses the button; what the application is asked. The page after an answer that says this `acr`.
async fn comes_back(browser: &mut Browser, url: &str, acr: Option<&str>) -> (Request, Answer) {
    let request = leave(browser, url).await;
    let said = Login { acr, ..answer(&request.transaction) };
    let back = browser.get(path(&said.location(&key(), START))).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let page = browser.get(back.header("location")).await;
    (request, page)
}

#[tokio::test]
async fn an_answer_that_is_weaker_than_was_asked_for_ends_the_request_and_a_strong_one_goes_on() {
    let app = graded();
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["acr_values_supported"], serde_json::json!(["gold", "silver"]));
    let client = known_client(&app).await;
    for (asked, said, token) in [
        ("gold", Some("gold"), Some("gold")),
        ("gold silver", Some("silver"), Some("silver")),
        ("silver", Some("gold"), Some("silver")),
        ("other silver", Some("gold"), Some("silver")),
        ("other", Some("bronze"), Some("bronze")),
        ("gold", Some("silver"), None),
        ("gold", Some("bronze"), None),
        ("gold", Some("GOLD"), None),
        ("gold", Some("gold silver"), None),
        ("gold", None, None),
        ("silver", Some("other"), None),
    ] {
        let mut browser = Browser::new(&app);
        let url = authorize_url(&client, &[("acr_values", asked)]);
        let (request, page) = comes_back(&mut browser, &url, said).await;
        assert_eq!(request.acr_values.as_deref(), Some(asked));
        let Some(token) = token else {
            page.assert_redirect_error("unmet_authentication_requirements");
            continue;
        };
        let code = browser.submit(&page, "allow").await.param("code").expect("a code");
        let tokens = app.token(&redeem(&client, &code)).await.json();
        assert_eq!(app.claims(tokens["access_token"].as_str().unwrap())["acr"], token, "{asked} {said:?}");
    }
}

#[tokio::test]
async fn a_session_by_a_weak_login_is_not_used_for_a_request_that_asks_for_a_strong_one() {
    let app = graded();
    let mut browser = Browser::new(&app);
    let client = known_client(&app).await;
    let (_, page) = comes_back(&mut browser, &authorize_url(&client, &[]), Some("silver")).await;
    assert!(page.body.contains("value=\"allow\""), "{}", page.body);
    let silver = browser.get(&authorize_url(&client, &[("acr_values", "silver")])).await;
    assert!(silver.body.contains("value=\"allow\""), "the twin: {}", silver.body);
    let strong = authorize_url(&client, &[("acr_values", "gold")]);
    let (_, page) = comes_back(&mut browser, &strong, Some("gold")).await;
    assert!(page.body.contains("value=\"allow\""), "{}", page.body);
    assert!(browser.get(&strong).await.body.contains("value=\"allow\""), "it is asked for once");
}

/// The page asked for a new login again and again.
#[tokio::test]
async fn a_weak_login_of_long_ago_at_the_application_ends_the_request_and_the_login_page_does_not_come_again()
{
    let graded = OwnLoginOptions {
        acr_values: ["gold", "silver"].map(|acr| acr.parse().unwrap()).into(),
        ..options(AnswerKey::shared(key()))
    };
    let app = app_with(graded);
    let client = app.public_client().await;
    let comes_back = async |url: &str, acr: &str, auth_time: u64| {
        let mut browser = Browser::new(&app);
        let transaction = leave(&mut browser, url).await.transaction;
        let said = Login { acr: Some(acr), auth_time, ..answer(&transaction) };
        let back = browser.get(path(&said.location(&key(), START))).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
        let page = browser.get(back.header("location")).await;
        (browser, page)
    };
    let (mut first, consent) = comes_back(&authorize_url(&client, &[]), "gold", START).await;
    first.submit(&consent, "allow").await.param("code").expect("a code");
    let url = authorize_url(&client, &[("acr_values", "gold")]);
    for auth_time in [START, START - 2 * 3600, 0] {
        let (_, page) = comes_back(&url, "silver", auth_time).await;
        page.assert_redirect_error("unmet_authentication_requirements");
        let (_, page) = comes_back(&url, "gold", auth_time).await;
        assert!(page.body.contains("value=\"allow\""), "{auth_time}: {}", page.body);
    }
}
