//! The page on which a person confirms a call: they log in for it, see it, and answer. What they answered is in the store.

use http::StatusCode;
use mcp_auth_issuer::Store;
use mcp_auth_store::{Answer as Said, Confirmation, SecretHash, Taken};

use crate::fresh::fresh_store;
use crate::harness::*;

/// A secret as the server makes them.
const ID: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
pub(crate) const URL: &str = "/authorize/confirm?id=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// An issuer at which alice and bob log in, where a call of alice waits.
pub(crate) struct Bench {
    pub(crate) app: App,
    store: Store,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let store = fresh_store();
        let users = vec!["alice".to_owned(), "bob".to_owned()];
        let bench = Self { app: App::on(store.clone(), |_| (), |options| options.users = users), store };
        bench.waits("delete \u{202e}it").await;
        bench
    }

    async fn waits(&self, tool: &str) {
        let call = Confirmation {
            subject: "alice".into(),
            client_id: Some(self.app.public_client().await),
            tool: tool.into(),
            connects: None,
            arguments: "{\n  \"title\": \"<b>milk</b>\"\n}".into(),
            expires_at: START + 600,
        };
        self.store.confirmations().ask(SecretHash::of(ID), call, START).await.unwrap();
    }

    async fn taken(&self) -> Taken {
        self.store.confirmations().take(SecretHash::of(ID), START).await.unwrap()
    }
}

/// Opens the page and logs in there; what is shown then.
pub(crate) async fn log_in(browser: &mut Browser, user: &str) -> Answer {
    let login = browser.get(URL).await;
    assert_eq!(login.status, StatusCode::OK, "{}", login.body);
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", user)];
    let back = browser.post(&form_action(&login), &form).await;
    match back.status {
        StatusCode::SEE_OTHER => browser.get(back.header("location")).await,
        _ => back,
    }
}

#[tokio::test]
async fn the_caller_sees_the_call_after_logging_in_and_answers_it_once() {
    for (decision, said) in [("allow", Said::Allowed), ("deny", Said::Denied)] {
        let bench = Bench::new().await;
        let mut browser = Browser::new(&bench.app);
        let login = browser.get(URL).await;
        assert!(!login.body.contains("milk"), "of the call nothing is shown before: {}", login.body);
        let page = log_in(&mut browser, "alice").await;
        for part in [
            "<title>Allow this call to todos?</title>",
            "<bdi class=\"claim\">Test client</bdi>",
            "<bdi>delete \\u{202e}it</bdi>",
            "&quot;title&quot;: &quot;&lt;b&gt;milk&lt;/b&gt;&quot;",
            "<strong><bdi>alice</bdi></strong>",
        ] {
            assert!(page.body.contains(part), "{part} in {}", page.body);
        }
        let answered = browser.submit(&page, decision).await;
        assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
        assert_eq!(browser.submit(&page, "allow").await.status, StatusCode::GONE);
        let client = bench.app.public_client().await;
        let next = browser.get(&authorize_url(&client, &[])).await;
        assert!(next.body.contains("name=\"user\""), "that login was for this call alone: {}", next.body);
        assert_eq!(browser.get(URL).await.status, StatusCode::GONE);
        assert_eq!(bench.taken().await, Taken::Answered(said));
        assert_eq!(bench.taken().await, Taken::Gone);
    }
}

#[tokio::test]
async fn j45_another_person_who_logs_in_sees_nothing_and_ends_the_call() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench.app);
    let page = log_in(&mut browser, "bob").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    assert!(page.body.contains("This is not your call") && !page.body.contains("milk"), "{}", page.body);
    assert!(!page.body.contains("alice"), "nor whose it is: {}", page.body);
    assert_eq!(bench.taken().await, Taken::Answered(Said::Foreign));
}

#[tokio::test]
async fn j46_a_person_who_is_logged_in_already_logs_in_again_for_each_call() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench.app);
    let client = bench.app.public_client().await;
    // For a client, as every day.
    let consent = browser.get(&authorize_url(&client, &[])).await;
    let form = [("csrf", &*csrf(&consent)), ("decision", "login"), ("user", "alice")];
    assert_eq!(browser.post(&form_action(&consent), &form).await.status, StatusCode::SEE_OTHER);
    let asked = browser.get(URL).await;
    assert!(asked.body.contains("name=\"user\"") && !asked.body.contains("milk"), "{}", asked.body);
    // The form of the login page cannot say yes to the call either.
    let token = csrf(&asked);
    let shown = browser.post(URL, &[("csrf", &*token), ("decision", "allow")]).await;
    assert!(shown.body.contains("name=\"user\""), "{} {}", shown.status, shown.body);
    assert_eq!(bench.taken().await, Taken::Waiting);
    // A login for one call does not count for the next one.
    let page = log_in(&mut browser, "alice").await;
    browser.submit(&page, "allow").await;
    assert_eq!(bench.taken().await, Taken::Answered(Said::Allowed));
    let other = URL.replace("?id=AA", "?id=BA");
    let call = Confirmation {
        subject: "alice".into(),
        client_id: None,
        tool: "delete".into(),
        connects: None,
        arguments: "{ \"title\": \"milk\" }".into(),
        expires_at: START + 600,
    };
    let id = other.split_once('=').unwrap().1;
    bench.store.confirmations().ask(SecretHash::of(id), call, START).await.unwrap();
    let asked = browser.get(&other).await;
    assert!(asked.body.contains("name=\"user\"") && !asked.body.contains("milk"), "{}", asked.body);
}

#[tokio::test]
async fn j47_a_form_of_another_page_another_browser_or_another_site_answers_nothing() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench.app);
    let page = log_in(&mut browser, "alice").await;
    let (own, allow) = (csrf(&page), ("decision", "allow"));
    let client = bench.app.public_client().await;
    let consent = browser.get(&authorize_url(&client, &[])).await;
    let foreign = csrf(&consent);
    for token in ["", "x", &own[1..], &foreign] {
        assert_eq!(browser.post(URL, &[("csrf", token), allow]).await.status, StatusCode::FORBIDDEN);
    }
    let twice = [("csrf", &*own), allow, ("decision", "deny")];
    assert_eq!(browser.post(URL, &twice).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        Browser::new(&bench.app).post(URL, &[("csrf", &*own), allow]).await.status,
        StatusCode::FORBIDDEN
    );
    for origin in ["null", "https://evil.example"] {
        let mut posed = browser.clone();
        posed.origin = Some(origin.to_owned());
        assert_eq!(posed.post(URL, &[("csrf", &*own), allow]).await.status, StatusCode::FORBIDDEN);
    }
    // Nor does a form of this page allow a client anything.
    let consented = browser.post(&authorize_url(&client, &[]), &[("csrf", &*own), allow]).await;
    assert_eq!(consented.status, StatusCode::FORBIDDEN, "{}", consented.body);
    assert_eq!(bench.taken().await, Taken::Waiting);
}

#[tokio::test]
async fn who_does_not_know_the_call_denies_it_without_logging_in() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench.app);
    let login = browser.get(URL).await;
    let denied = browser.submit(&login, "deny").await;
    assert_eq!(denied.status, StatusCode::OK, "{}", denied.body);
    assert_eq!(bench.taken().await, Taken::Answered(Said::Denied));
}

#[tokio::test]
async fn a_url_under_which_nothing_waits_says_so_and_so_does_one_that_waited_too_long() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench.app);
    for url in [
        "/authorize/confirm",
        "/authorize/confirm?id=",
        "/authorize/confirm?id=x",
        &URL.replace("?id=AA", "?id=BA"),
        &format!("{URL}&id={ID}"),
        &format!("{URL}="),
    ] {
        let page = browser.get(url).await;
        assert_eq!(page.status, StatusCode::GONE, "{url}: {}", page.body);
    }
    assert_eq!(browser.get(URL).await.status, StatusCode::OK);
    bench.app.advance(600);
    assert_eq!(browser.get(URL).await.status, StatusCode::GONE);
}
