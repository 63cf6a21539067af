//! "Do not ask me again": when it counts, and when it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use mcp_auth_issuer::{Attempt, DevelopmentLogin, KnownFuture, Login, LoginFuture, Params};
use serde_json::{Value, json};

use crate::harness::*;
use crate::site::{CLIENT, Site, document};

const WEB: &str = "https://client.example/cb";

async fn client_at(app: &App, redirect: &str, auth_method: &str) -> String {
    app.register(&metadata(&[redirect], auth_method)).await.json()["client_id"].as_str().unwrap().to_owned()
}

fn asks(client: &str, redirect: &str, more: &[(&str, &str)]) -> String {
    authorize_url(client, &[&[("redirect_uri", redirect)], more].concat())
}

const REMEMBER: (&str, &str) = ("remember", "yes");
const READ_AND_WRITE: (&str, &str) = ("scope", "todos.read todos.write");

/// A browser whose person allowed `client` to read and write, and said that they need not be asked again.
async fn remembers(app: &App, client: &str) -> Browser {
    let mut browser = Browser::new(app);
    let consent = browser.log_in(&asks(client, WEB, &[READ_AND_WRITE])).await;
    let back = browser.submit_with(&consent, "allow", &[("scope", "todos.write"), REMEMBER]).await;
    assert!(back.header("location").starts_with(WEB), "{}", back.body);
    browser
}

fn is_asked(answer: &Answer) -> bool {
    answer.status == StatusCode::OK && answer.body.contains("value=\"allow\"")
}

#[tokio::test]
async fn who_said_so_is_not_asked_again_for_the_same_or_less_and_prompt_none_works() {
    let app = App::new();
    let client = client_at(&app, WEB, "none").await;
    let mut browser = remembers(&app, &client).await;
    for more in [
        &[READ_AND_WRITE][..],
        &[("scope", "todos.write")],
        &[("scope", "")],
        &[READ_AND_WRITE, ("prompt", "none")],
        &[READ_AND_WRITE, ("state", "another")],
    ] {
        let back = browser.get(&asks(&client, WEB, more)).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{more:?}: {}", back.body);
        let code = back.param("code").expect("a code");
        let tokens = app.token(&changed(&redeem(&client, &code), ("redirect_uri", WEB))).await;
        assert_eq!(tokens.status, StatusCode::OK, "{more:?}: {}", tokens.body);
    }
    // After a login, too.
    let mut other = Browser::new(&app);
    let login = other.get(&asks(&client, WEB, &[READ_AND_WRITE])).await;
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "developer")];
    let to = other.post(&form_action(&login), &form).await.header("location").to_owned();
    assert!(other.get(&to).await.param("code").is_some());
}

#[tokio::test]
async fn p13_more_scopes_another_person_another_redirect_and_a_client_that_wants_the_page_are_asked() {
    let app = App::with(|_| (), |options| options.users.push("bob".to_owned()));
    let client = client_at(&app, WEB, "none").await;
    let mut browser = remembers(&app, &client).await;
    for more in [
        &[("scope", "todos.read todos.write admin")][..],
        &[("scope", "admin")],
        &[READ_AND_WRITE, ("prompt", "consent")],
    ] {
        assert!(is_asked(&browser.get(&asks(&client, WEB, more)).await), "{more:?}");
    }
    for prompt in ["login", "select_account"] {
        let url = asks(&client, WEB, &[READ_AND_WRITE, ("prompt", prompt)]);
        browser.log_in(&url).await;
    }
    let unseen = browser.get(&asks(&client, WEB, &[("scope", "admin"), ("prompt", "none")])).await;
    assert_eq!(unseen.param("error").as_deref(), Some("consent_required"));

    let mut other = Browser::new(&app);
    let login = other.get(&asks(&client, WEB, &[])).await;
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "bob")];
    let to = other.post(&form_action(&login), &form).await.header("location").to_owned();
    assert!(is_asked(&other.get(&to).await), "that was not bob's word");

    let mut described = metadata(&[WEB], "none");
    described["client_name"] = json!("Another");
    let another = app.register(&described).await.json()["client_id"].as_str().unwrap().to_owned();
    assert!(
        is_asked(&browser.get(&asks(&another, WEB, &[])).await),
        "p13: a consent of one client for another"
    );
}

/// A login that counts so many times as it is asked.
#[derive(Clone)]
struct CountsFor(Arc<AtomicUsize>, DevelopmentLogin);

impl Login for CountsFor {
    fn begin<'a>(&'a self, attempt: &'a Attempt<'a>) -> LoginFuture<'a> {
        self.1.begin(attempt)
    }

    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        self.1.finish(attempt, answer)
    }

    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        self.1.knows(subject)
    }

    fn still_counts<'a>(&'a self, _: &'a str, _: u64) -> KnownFuture<'a> {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        Box::pin(async move { Ok(left.is_ok()) })
    }
}

/// The account was reset while the form was on its way.
#[tokio::test]
async fn nothing_is_remembered_of_a_login_that_ended_while_it_was_said() {
    for (counts_for, is_remembered) in [(1, false), (usize::MAX, true)] {
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let login = CountsFor(Arc::clone(&left), DevelopmentLogin::new(vec!["developer".into()]));
        let app = App::with_login(login, |_| ());
        let client = client_at(&app, WEB, "none").await;
        let mut browser = Browser::new(&app);
        let consent = browser.log_in(&asks(&client, WEB, &[])).await;
        left.store(counts_for, Ordering::SeqCst);
        let back = browser.submit_with(&consent, "allow", &[REMEMBER]).await;
        assert!(back.param("code").is_some(), "{}", back.body);
        left.store(usize::MAX, Ordering::SeqCst);
        let next = browser.get(&asks(&client, WEB, &[])).await;
        assert_eq!(is_asked(&next), !is_remembered, "{counts_for}: {}", next.body);
    }
}

#[tokio::test]
async fn a_redirect_uri_is_remembered_by_itself() {
    let app = App::new();
    let other = "https://client.example/other";
    let both = app.register(&metadata(&[WEB, other], "none")).await.json();
    let client = both["client_id"].as_str().unwrap();
    let mut browser = remembers(&app, client).await;
    assert!(browser.get(&asks(client, WEB, &[])).await.param("code").is_some());
    assert!(is_asked(&browser.get(&asks(client, other, &[])).await));
}

/// RFC 8252 §8.6: any program can take a loopback port or a private scheme.
#[tokio::test]
async fn no_program_on_a_computer_is_remembered_whatever_its_form_says_and_a_web_site_is() {
    let app = App::new();
    for (redirect, auth_method, is_offered) in [
        (REDIRECT, "none", false),
        ("http://localhost/cb", "none", false),
        ("https://localhost:8443/cb", "none", false),
        ("cursor://anysphere.cursor-mcp/cb", "none", false),
        (REDIRECT, "client_secret_basic", false),
        (WEB, "none", true),
        ("https://client.example/c", "client_secret_basic", true),
    ] {
        let client = client_at(&app, redirect, auth_method).await;
        let mut browser = Browser::new(&app);
        let consent = browser.log_in(&asks(&client, redirect, &[])).await;
        assert_eq!(consent.body.contains("name=\"remember\""), is_offered, "{redirect}");
        assert!(browser.submit_with(&consent, "allow", &[REMEMBER]).await.param("code").is_some());
        let again = browser.get(&asks(&client, redirect, &[])).await;
        assert_eq!(is_asked(&again), !is_offered, "{redirect}: {}", again.body);
        let unseen = browser.get(&asks(&client, redirect, &[("prompt", "none")])).await;
        assert_eq!(unseen.param("code").is_some(), is_offered, "{redirect}: {}", unseen.body);
    }
}

#[tokio::test]
async fn who_does_not_say_so_is_asked_again_and_an_unticked_scope_is_not_remembered() {
    let app = App::new();
    let client = client_at(&app, WEB, "none").await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&asks(&client, WEB, &[READ_AND_WRITE])).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    let consent = browser.get(&asks(&client, WEB, &[READ_AND_WRITE])).await;
    assert!(is_asked(&consent), "it was not ticked");
    assert!(browser.submit_with(&consent, "allow", &[REMEMBER]).await.param("code").is_some());
    assert!(is_asked(&browser.get(&asks(&client, WEB, &[READ_AND_WRITE])).await), "it was unticked");
    assert!(browser.get(&asks(&client, WEB, &[])).await.param("code").is_some());
}

#[tokio::test]
async fn a_person_takes_it_back_by_unticking_it_or_by_denying() {
    let app = App::new();
    let client = client_at(&app, WEB, "none").await;
    let (plain, page) = (asks(&client, WEB, &[]), asks(&client, WEB, &[("prompt", "consent")]));
    let mut browser = remembers(&app, &client).await;
    let consent = browser.get(&page).await;
    assert!(consent.body.contains("name=\"remember\" value=\"yes\" checked"), "{}", consent.body);
    assert!(browser.submit_with(&consent, "allow", &[]).await.param("code").is_some());
    assert!(is_asked(&browser.get(&plain).await));

    let mut browser = remembers(&app, &client).await;
    let consent = browser.get(&page).await;
    assert_eq!(browser.submit(&consent, "deny").await.param("error").as_deref(), Some("access_denied"));
    assert!(is_asked(&browser.get(&plain).await));
}

#[tokio::test]
async fn it_needs_a_login_that_will_do_for_the_request() {
    let app = App::new();
    let client = client_at(&app, WEB, "none").await;
    let mut browser = remembers(&app, &client).await;
    // A client with a grant is kept.
    let code = browser.get(&asks(&client, WEB, &[])).await.param("code").unwrap();
    let tokens = app.token(&changed(&redeem(&client, &code), ("redirect_uri", WEB))).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    let unseen = Browser::new(&app).get(&asks(&client, WEB, &[("prompt", "none")])).await;
    assert_eq!(unseen.param("error").as_deref(), Some("login_required"));
    app.advance(60);
    let aged = browser.get(&asks(&client, WEB, &[("prompt", "none"), ("max_age", "30")])).await;
    assert_eq!(aged.param("error").as_deref(), Some("login_required"));
    app.advance(8 * 3600);
    assert!(browser.get(&asks(&client, WEB, &[])).await.body.contains("name=\"user\""), "the login is over");
}

#[tokio::test]
async fn a_program_that_looks_and_a_page_that_embeds_get_no_code() {
    let app = App::new();
    let client = client_at(&app, WEB, "none").await;
    let browser = remembers(&app, &client).await;
    let cookies = browser.cookies.header().unwrap();
    for (method, header) in [("HEAD", None), ("GET", Some(("sec-purpose", "prefetch;prerender")))] {
        let mut request = http::Request::builder().method(method).uri(asks(&client, WEB, &[]));
        request = request.header("host", "localhost:8080").header("cookie", &cookies);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let answer = app.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{method}");
        assert!(!answer.headers.contains_key("location"), "{method}");
    }
    let embedded = http::Request::get(asks(&client, WEB, &[])).header("host", "localhost:8080");
    let embedded = embedded.header("cookie", &cookies).header("sec-fetch-mode", "no-cors");
    app.send(embedded.body(axum::body::Body::empty()).unwrap()).await.assert_local_error(403);
}

#[tokio::test]
async fn a_document_that_says_something_else_is_asked_for_again_and_one_that_stayed_the_same_is_not() {
    let site = Site::open().await;
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    let web = "https://app.example/cb";
    let url = asks(CLIENT, web, &[]);
    let changes: [fn(&mut Value); 2] = [
        |document| document["client_name"] = json!("Another name"),
        |document| document["grant_types"] = json!(["authorization_code"]),
    ];
    for change in changes {
        site.put(CLIENT, &document(CLIENT));
        let mut browser = Browser::new(&app);
        // `prompt`: it is remembered from the round before.
        let consent = browser.log_in(&asks(CLIENT, web, &[("prompt", "consent")])).await;
        assert!(browser.submit_with(&consent, "allow", &[REMEMBER]).await.param("code").is_some());
        assert!(browser.get(&url).await.param("code").is_some());
        let mut changed = document(CLIENT);
        change(&mut changed);
        site.put(CLIENT, &changed);
        assert!(is_asked(&browser.get(&url).await), "{changed}");
    }
}

/// Each code is kept for a while. Nobody answers so many pages by hand, but a page that opens the link again and again gets a code each time.
#[tokio::test]
async fn p28_one_person_allows_sixty_times_a_minute_and_takes_nothing_from_another() {
    let app = App::with(|_| (), |options| options.users.push("bob".to_owned()));
    let (client, other_client) = (client_at(&app, WEB, "none").await, app.another_client().await);
    let (mut browser, url) = (remembers(&app, &client).await, asks(&client, WEB, &[READ_AND_WRITE]));
    for n in 1..60 {
        assert!(browser.get(&url).await.param("code").is_some(), "{n}");
    }
    let refused = browser.get(&url).await;
    refused.assert_local_error(429);
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.body.contains("You allow too much at once"), "{}", refused.body);
    // Where they are asked too, and whatever the application is.
    let consent = browser.get(&authorize_url(&other_client, &[])).await;
    browser.submit(&consent, "allow").await.assert_local_error(429);

    let mut bob = Browser::new(&app);
    let login = bob.get(&url).await;
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "bob")];
    let to = bob.post(&form_action(&login), &form).await.header("location").to_owned();
    let asked = bob.get(&to).await;
    assert!(bob.submit(&asked, "allow").await.param("code").is_some());

    app.advance(1);
    assert!(browser.get(&url).await.param("code").is_some());
    browser.get(&url).await.assert_local_error(429);
}
