//! What an operator does with people who have no account here.

use http::StatusCode;
use mcp_auth_issuer::{DevelopmentLogin, ManageError, People};
use mcp_auth_store::{KnownRevocations, Revocable, Revoked, SecretHash, Store};
use serde_json::{Value, json};

use crate::accounts::site;
use crate::fresh::fresh_store;
use crate::harness::*;
use crate::site::{CLIENT, Site};
use crate::upstream::{Provider, app_on, ends};

fn people(app: &App, store: &Store) -> People {
    People::new(store.clone(), app.ambient(), ISSUER)
}

async fn refreshes(app: &App, client: &str, tokens: &Value) -> StatusCode {
    let token = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
    app.token(&form).await.status
}

#[tokio::test]
async fn an_operator_sees_who_somebody_is_at_the_provider() {
    let (provider, store) = (Provider::new(), fresh_store());
    let app = app_on(store.clone(), &provider, |_| ());
    assert!(people(&app, &store).list().await.unwrap().is_empty());
    assert_eq!(ends(&app, &provider, &json!({})).await, StatusCode::SEE_OTHER);
    let listed = people(&app, &store).list().await.unwrap();
    let [line] = &*listed else { panic!("{listed:?}") };
    assert!(line.name.starts_with("oidc_"));
    let linked = line.linked.as_ref().unwrap();
    assert_eq!((&*linked.issuer, &*linked.subject), ("https://login.example", "17"));
    assert_eq!(line.login.as_deref(), Some("upstream https://login.example"));
    assert_eq!((line.display_name.as_deref(), line.grants, line.last_used), (Some("Ann"), 0, Some(START)));
    assert!(line.account.is_none());
}

#[tokio::test]
async fn a_person_of_any_login_is_logged_out_and_can_log_in_again() {
    let store = fresh_store();
    let app = App::on(store.clone(), |_| (), |_| ());
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let operator = people(&app, &store);
    let listed = operator.list().await.unwrap();
    assert_eq!((&*listed[0].name, listed[0].grants), ("developer", 1));
    let access = app.claims(tokens["access_token"].as_str().unwrap());
    let token = Revocable {
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: false,
        grant_id: None,
        jti: None,
        subject: "developer",
        client_id: None,
        iat: access["iat"].as_u64().unwrap(),
    };
    assert!(!store.revocations().is_revoked(token).await.unwrap());

    operator.log_out("developer").await.unwrap();
    assert_eq!(refreshes(&app, &client, &tokens).await, StatusCode::BAD_REQUEST);
    assert!(store.revocations().is_revoked(token).await.unwrap());
    assert!(store.consents().allowed("developer", &client).await.unwrap().is_empty());
    assert_eq!(operator.list().await.unwrap()[0].grants, 0, "who they are is known still");
    app.advance(1);
    let again = app.tokens(&client, &[]).await;
    assert_eq!(refreshes(&app, &client, &again).await, StatusCode::OK);
}

#[tokio::test]
async fn a_deleted_person_of_another_login_is_known_no_more_and_others_stay() {
    let store = fresh_store();
    let app = App::on(store.clone(), |_| (), |_| ());
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let operator = people(&app, &store);
    for name in ["Developer", "nobody", ""] {
        assert!(matches!(operator.delete(name).await, Err(ManageError::Nobody)), "{name}");
        assert!(matches!(operator.log_out(name).await, Err(ManageError::Nobody)), "{name}");
    }
    assert_eq!(operator.list().await.unwrap().len(), 1);
    operator.delete("developer").await.unwrap();
    assert!(operator.list().await.unwrap().is_empty());
    assert_eq!(refreshes(&app, &client, &tokens).await, StatusCode::BAD_REQUEST);
    assert!(matches!(operator.delete("developer").await, Err(ManageError::Nobody)));
}

#[tokio::test]
async fn t79_a_token_says_of_which_revocation_its_issuer_knew_and_none_where_there_was_none() {
    let store = fresh_store();
    let app = App::on(store.clone(), |_| (), |_| ());
    let client = app.public_client().await;
    let claims = async || {
        let tokens = app.tokens(&client, &[]).await;
        app.claims(tokens["access_token"].as_str().unwrap())
    };
    let is_refused = |claims: &Value| {
        store.revocations().board().holds(Revocable {
            grant_id: claims["grant_id"].as_str(),
            jti: claims["jti"].as_str(),
            subject: "developer",
            client_id: Some(&client),
            granted_to: None,
            iat: claims["iat"].as_u64().unwrap(),
            known: known_revocations(claims),
            has_login: claims.get("auth_time").is_some(),
        })
    };
    let before = claims().await;
    assert!(before.get("known_revocations").is_none() && !is_refused(&before));
    people(&app, &store).log_out("developer").await.unwrap();
    let after = claims().await;
    let known = known_revocations(&after);
    assert!(known.person.is_some_and(|at| at >= START) && known.client.is_none(), "{known:?}");
    assert!(is_refused(&before) && !is_refused(&after), "who logs in again at once is let in");
    // A process whose clock is ahead, and that had not read the revocation, had issued this one before it.
    let mut ahead = before.clone();
    ahead["grant_id"] = json!("of a client that does not refresh");
    ahead["jti"] = json!("another");
    ahead["iat"] = json!(START + 20);
    assert!(is_refused(&ahead));
}

/// A login chooses the names of its people, and anybody can publish a client at a URL that they named.
#[tokio::test]
async fn a_person_whose_name_is_that_of_their_client_loses_their_tokens_with_all_people_and_a_program_does_not()
 {
    const ROBOT: [(&str, &str); 2] =
        [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it")];
    let (site, store) = (Site::open().await, fresh_store());
    let login = DevelopmentLogin::new(vec![CLIENT.to_owned()]);
    let app = App::on_with_login(store.clone(), login, |options| options.client_documents = site.options());
    let mut browser = Browser::new(&app);
    let page = browser.get(&authorize_url(CLIENT, &[])).await;
    let form = [("csrf", &*csrf(&page)), ("decision", "login"), ("user", CLIENT)];
    let back = browser.post(&form_action(&page), &form).await;
    let consent = browser.get(back.header("location")).await;
    let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
    let tokens = app.token(&redeem(CLIENT, &code)).await.json();
    let of_a_person = tokens["access_token"].as_str().unwrap();
    let claims = app.claims(of_a_person);
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(CLIENT), &json!(CLIENT)));

    let form = [&[("grant_type", "client_credentials")], &ROBOT[..]].concat();
    let tokens = app.token(&form).await.json();
    let of_a_program = tokens["access_token"].as_str().unwrap();
    let is_active = async |token: &str| {
        let form = [&[("token", token)], &ROBOT[..]].concat();
        app.post_form("/introspect", &form).await.json()["active"].clone()
    };
    assert_eq!((is_active(of_a_person).await, is_active(of_a_program).await), (json!(true), json!(true)));
    store.revocations().revoke(Revoked::People, START).await.unwrap();
    assert_eq!((is_active(of_a_person).await, is_active(of_a_program).await), (json!(false), json!(true)));
}

/// By a process whose clock is behind that of the one that revoked first.
#[tokio::test]
async fn who_is_logged_out_again_loses_the_tokens_of_the_login_in_between() {
    let store = fresh_store();
    let app = App::on(store.clone(), |_| (), |_| ());
    let client = app.public_client().await;
    store.revocations().revoke(Revoked::Person("developer".to_owned()), START + 20).await.unwrap();
    let tokens = app.tokens(&client, &[]).await;
    let token = tokens["access_token"].as_str().unwrap();
    let is_active = async || {
        let form =
            [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it"), ("token", token)];
        app.post_form("/introspect", &form).await.json()["active"].clone()
    };
    assert_eq!(is_active().await, true, "who logs in just after it is let in");
    // Of a client that does not refresh no grant ends by its name.
    store.revocations().revoke(Revoked::Person("developer".to_owned()), START + 10).await.unwrap();
    assert_eq!(is_active().await, false);
}

/// `user delete Ann` deleted the account `ann` where the store failed once: what could not be told was taken for "nobody is called so".
#[tokio::test]
async fn a_command_for_a_person_reaches_no_account_of_a_like_name_wherever_the_store_fails() {
    let (_, operator, store, outage) = site().await;
    let logged_in = async |subject: &str| {
        let browser = mcp_auth_store::Browser {
            subject: subject.to_owned(),
            name: None,
            linked: None,
            known_as: None,
            authentication: mcp_auth_store::Authentication::at(START),
            logged_in_for: SecretHash::of(""),
            logged_in_at: START,
            expires_at: START + 600,
        };
        store.browser_sessions().begin(None, SecretHash::of(subject), browser, START).await.unwrap();
    };
    let is_logged_in = async |subject: &str| {
        store.browser_sessions().find(SecretHash::of(subject), START).await.unwrap().is_some()
    };
    logged_in("ann").await;
    let people = operator.people(ISSUER);
    for command in ["log out", "delete"] {
        logged_in("Ann").await;
        let mut steps = 0;
        loop {
            outage.begin_after(steps);
            let done = match command {
                "delete" => people.delete("Ann").await,
                _ => people.log_out("Ann").await,
            };
            outage.end();
            let listed = operator.list().await.unwrap();
            let accounts: Vec<_> = listed.iter().map(|line| (&*line.name, line.state.disabled)).collect();
            assert_eq!(accounts, [("ann", false)], "{command} after {steps} steps");
            assert!(is_logged_in("ann").await, "{command} after {steps} steps");
            match done {
                Ok(()) => break,
                Err(error) => assert!(matches!(error, ManageError::Store(_)), "{command} {steps}: {error}"),
            }
            steps += 1;
        }
        assert!(steps > 1 && !is_logged_in("Ann").await, "{command}");
    }
    // Nobody else is called so now: it is the account, whatever capital letters it is called by.
    people.delete("ANN").await.unwrap();
    assert!(operator.list().await.unwrap().is_empty() && !is_logged_in("ann").await);
    assert!(matches!(people.delete("ANN").await, Err(ManageError::Nobody)));
}
