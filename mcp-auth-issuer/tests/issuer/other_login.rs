//! The operator configures another login on the same store: a name that it gives may be another person's.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_issuer::own_login::{AnswerKey, OwnLogin};
use mcp_auth_issuer::upstream::{UpstreamLogin, UpstreamOptions};
use mcp_auth_issuer::{
    AccountsLogin, AccountsOptions, Attempt, DevelopmentLogin, HttpFetch, KnownFuture, Login, LoginError,
    LoginFuture, Params,
};

use crate::fresh::fresh_store;
use crate::harness::*;
use crate::own_login;

/// A login that lets in whom the development login lets in, under the same names.
pub(crate) struct Another(pub(crate) DevelopmentLogin);

impl Login for Another {
    fn begin<'a>(&'a self, attempt: &'a Attempt<'a>) -> LoginFuture<'a> {
        self.0.begin(attempt)
    }

    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        self.0.finish(attempt, answer)
    }

    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        self.0.knows(subject)
    }
}

fn development() -> DevelopmentLogin {
    DevelopmentLogin::new(vec!["developer".to_owned()])
}

const SITE: &str = "https://app.example/cb";

/// A browser whose person need not be asked again for this client; the URL that asks.
async fn remembers(app: &App) -> (Browser, String) {
    let client = app.register(&metadata(&[SITE], "none")).await.json();
    let url = authorize_url(client["client_id"].as_str().unwrap(), &[("redirect_uri", SITE)]);
    let mut browser = Browser::new(app);
    let consent = browser.log_in(&url).await;
    let ticked = [("scope", "todos.read"), ("remember", "yes")];
    assert_eq!(browser.submit_with(&consent, "allow", &ticked[1..]).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&url).await.param("code").is_some(), "nothing is asked any more");
    (browser, url)
}

#[tokio::test]
async fn sessions_codes_grants_and_remembered_answers_of_one_login_count_at_no_other() {
    let store = fresh_store();
    let before = App::by_login(store.clone(), development());
    let restarted = App::by_login(store.clone(), development());
    let after = App::by_login(store.clone(), Another(development()));
    let client = before.public_client().await;
    let (browser, asked) = remembers(&before).await;
    let is_logged_in = async |app: &App| browser.at(app).get("/account").await.body.contains("Log out");
    assert!(is_logged_in(&restarted).await, "the twin: the same login in another process");
    assert!(!is_logged_in(&after).await);

    let code = before.code(&client, &[]).await;
    assert_eq!(restarted.token(&redeem(&client, &code)).await.status, StatusCode::OK);
    let code = before.code(&client, &[]).await;
    after.token(&redeem(&client, &code)).await.assert_error(400, "invalid_grant");

    let tokens = before.tokens(&client, &[]).await;
    let refresh = |token: &serde_json::Value| {
        let form = [("grant_type", "refresh_token"), ("client_id", &*client)];
        [&form[..], &[("refresh_token", token["refresh_token"].as_str().unwrap())]]
            .concat()
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<Vec<_>>()
    };
    let send = async |app: &App, form: Vec<(String, String)>| {
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        app.token(&form).await
    };
    let tokens = send(&restarted, refresh(&tokens)).await.json();
    send(&after, refresh(&tokens)).await.assert_error(400, "invalid_grant");
    send(&before, refresh(&tokens)).await.assert_error(400, "invalid_grant");

    // Who has the name now is asked.
    let mut other = Browser::new(&after);
    let consent = other.log_in(&asked).await;
    assert!(consent.body.contains("value=\"allow\""), "{}", consent.body);
    assert!(other.get(&asked).await.param("code").is_none());
}

#[tokio::test]
async fn each_login_has_a_kind_of_its_own_and_so_has_each_application_and_each_provider() {
    let fetch = || Arc::new(HttpFetch::new().unwrap());
    let own = |issuer: Option<&str>| {
        let key = AnswerKey::shared(own_login::key());
        let options = own_login::options(key);
        OwnLogin::new(
            mcp_auth_issuer::own_login::OwnLoginOptions { issuer: issuer.map(str::to_owned), ..options },
            fetch(),
        )
    };
    let provider = |issuer: &str| {
        let options = UpstreamOptions::openid("company", issuer.parse().unwrap(), "us");
        UpstreamLogin::new(options, fetch(), Ambient::system()).unwrap()
    };
    let accounts = AccountsLogin::new(fresh_store(), Ambient::system(), &AccountsOptions::default(), "");
    let kinds = [
        development().kind().into_owned(),
        Another(development()).kind().into_owned(),
        accounts.kind().into_owned(),
        own(None).kind().into_owned(),
        own(Some("another application")).kind().into_owned(),
        provider("https://login.example").kind().into_owned(),
        provider("https://other.example").kind().into_owned(),
    ];
    assert_eq!(kinds.iter().collect::<HashSet<_>>().len(), kinds.len(), "{kinds:?}");
    assert_eq!(own(None).kind(), own(None).kind(), "after a restart too");
}

/// A login of which it can be turned off that it tells who is still there, as where `check_url` of an application does not answer.
#[derive(Clone)]
struct CannotTell(Arc<AtomicBool>, DevelopmentLogin);

impl Login for CannotTell {
    fn begin<'a>(&'a self, attempt: &'a Attempt<'a>) -> LoginFuture<'a> {
        self.1.begin(attempt)
    }

    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        self.1.finish(attempt, answer)
    }

    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        self.1.knows(subject)
    }

    fn still_counts<'a>(&'a self, subject: &'a str, version: u64) -> KnownFuture<'a> {
        match self.0.load(Ordering::SeqCst) {
            true => Box::pin(async { Err(LoginError::Unavailable("it is down".into())) }),
            false => self.1.still_counts(subject, version),
        }
    }
}

#[tokio::test]
async fn a_person_can_deny_and_log_out_while_nobody_can_tell_whether_their_login_counts_and_allow_nothing() {
    let is_down = Arc::new(AtomicBool::new(false));
    let login = CannotTell(Arc::clone(&is_down), DevelopmentLogin::new(vec!["developer".into()]));
    let app = App::with_login(login, |_| ());
    let client = app.public_client().await;
    let logged_in = async || {
        is_down.store(false, Ordering::SeqCst);
        let mut browser = Browser::new(&app);
        let consent = browser.log_in(&authorize_url(&client, &[])).await;
        is_down.store(true, Ordering::SeqCst);
        (browser, consent)
    };
    let (mut browser, consent) = logged_in().await;
    let allowed = browser.submit(&consent, "allow").await;
    assert_eq!(allowed.status, 503, "{}", allowed.body);
    assert_eq!(
        browser.get(&authorize_url(&client, &[])).await.status,
        503,
        "nothing is shown to a login that may not count"
    );
    let denied = browser.submit(&consent, "deny").await;
    assert_eq!(denied.param("error").as_deref(), Some("access_denied"), "{}", denied.body);

    let (mut browser, consent) = logged_in().await;
    let out = browser.submit(&consent, "logout").await;
    assert_eq!(out.status, 303, "{}", out.body);
    is_down.store(false, Ordering::SeqCst);
    let page = browser.get(&authorize_url(&client, &[])).await;
    assert!(page.body.contains("value=\"login\""), "the session has ended: {}", page.body);
}
