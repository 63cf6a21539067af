//! What ends while a code is being used.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use mcp_auth_issuer::{Attempt, DevelopmentLogin, KnownFuture, Login, LoginFuture, Params};
use mcp_auth_store::Store;
use serde_json::json;

use crate::device::{GRANT, PAGE, devices, enter, log_in, television};
use crate::fresh::fresh_store;
use crate::harness::*;

/// What happens just before a login answers whether it knows a person.
enum Event {
    Nothing,
    ClientIsRemoved(String),
    PersonIsGone,
}

/// A login during whose answers these happen, one after the other.
#[derive(Clone)]
struct Raced {
    login: Arc<DevelopmentLogin>,
    store: Store,
    events: Arc<Mutex<VecDeque<Event>>>,
}

impl Raced {
    fn app() -> (App, Self) {
        let store = fresh_store();
        let login = Arc::new(DevelopmentLogin::new(vec!["developer".into()]));
        let raced = Self { login, store: store.clone(), events: Arc::default() };
        (App::on_with_login(store, raced.clone(), devices), raced)
    }

    fn then(&self, events: impl IntoIterator<Item = Event>) {
        self.events.lock().unwrap().extend(events);
    }
}

impl Login for Raced {
    fn begin<'a>(&'a self, attempt: &'a Attempt<'a>) -> LoginFuture<'a> {
        self.login.begin(attempt)
    }

    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        self.login.finish(attempt, answer)
    }

    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        let event = self.events.lock().unwrap().pop_front();
        Box::pin(async move {
            match event {
                None | Some(Event::Nothing) => self.login.knows(subject).await,
                Some(Event::PersonIsGone) => Ok(false),
                Some(Event::ClientIsRemoved(id)) => {
                    self.store.clients().remove(&id, START).await.unwrap();
                    Ok(true)
                }
            }
        })
    }
}

#[tokio::test]
async fn a_client_that_is_removed_while_its_code_is_used_gets_nothing() {
    for grant_types in [json!(["authorization_code"]), json!(["authorization_code", "refresh_token"])] {
        let (app, raced) = Raced::app();
        let mut sent = metadata(&[REDIRECT], "none");
        sent["grant_types"] = grant_types;
        let client = app.register(&sent).await.json()["client_id"].as_str().unwrap().to_owned();
        let (used, waiting) = (app.code(&client, &[]).await, app.code(&client, &[]).await);
        assert_eq!(app.token(&redeem(&client, &used)).await.status, 200);
        raced.then([Event::ClientIsRemoved(client.clone())]);
        app.token(&redeem(&client, &waiting)).await.assert_error(400, "invalid_grant");
        assert!(raced.store.grants().of_person("developer", 10, START).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_person_who_ends_while_a_device_code_is_used_leaves_the_device_nothing() {
    for (is_gone, status) in [(true, 400), (false, 200)] {
        let (app, raced) = Raced::app();
        let (device_code, user_code) = television(&app).await;
        let mut browser = Browser::new(&app);
        let page = log_in(&mut browser, PAGE, "developer").await;
        let consent = enter(&mut browser, &page, &user_code).await;
        browser.submit(&consent, "allow").await;
        raced.then([if is_gone { Event::PersonIsGone } else { Event::Nothing }]);
        let answer =
            app.token(&[("grant_type", GRANT), ("client_id", "tv"), ("device_code", &device_code)]).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let grants = raced.store.grants().of_person("developer", 10, START).await.unwrap();
        assert_eq!(grants.is_empty(), is_gone);
    }
}
