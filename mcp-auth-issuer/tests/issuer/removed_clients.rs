//! What an operator does with clients, whichever way they came: sees them, and removes them.

use http::StatusCode;
use mcp_auth_issuer::{ClientLine, ClientOrigin, Clients, NamedClient, RemoveClientError};
use mcp_auth_store::{GrantType, Store};
use serde_json::Value;

use crate::device;
use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;
use crate::site::{CLIENT, Site};

/// Where the client that describes itself may be remembered.
const WEB: &str = "https://app.example/cb";

fn operator(app: &App, store: &Store) -> Clients {
    Clients::new(store.clone(), app.ambient())
}

async fn line(clients: &Clients, id: &str) -> ClientLine {
    let listed = clients.list().await.unwrap();
    listed.into_iter().find(|line| line.client_id == id).unwrap_or_else(|| panic!("{id} is not listed"))
}

async fn refresh(app: &App, client: &str, tokens: &Value) -> Answer {
    let token = tokens["refresh_token"].as_str().unwrap();
    app.token(&[("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]).await
}

/// Whether an access token is good, as a gateway asks.
async fn is_good(app: &App, tokens: &Value) -> bool {
    let token = tokens["access_token"].as_str().unwrap();
    let form = [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it"), ("token", token)];
    let answer = app.post_form("/introspect", &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["active"] == true
}

#[tokio::test]
async fn every_client_is_listed_with_how_it_came_and_what_people_allowed_it() {
    let (store, site) = (fresh_store(), Site::open().await);
    let app = App::on(store.clone(), |_| (), |options| options.client_documents = site.options());
    let (used, unused) = (app.public_client().await, app.another_client().await);
    app.tokens(&used, &[]).await;
    app.tokens(CLIENT, &[]).await;
    let operator = operator(&app, &store);

    let listed = line(&operator, &used).await;
    assert_eq!((listed.origin, listed.name.as_deref()), (ClientOrigin::Registered, Some("Test client")));
    assert_eq!((listed.people, listed.grants, listed.last_used), (1, 1, Some(START)));
    assert_eq!((listed.registered_at, listed.redirect_hosts.len()), (Some(START), 1));
    assert!(listed.redirect_hosts.contains("127.0.0.1"));
    let described = line(&operator, CLIENT).await;
    assert_eq!((described.origin, described.name, described.grants), (ClientOrigin::Document, None, 1));
    assert!(described.redirect_hosts.contains("127.0.0.1"), "of its grant");
    let unused = line(&operator, &unused).await;
    assert_eq!((unused.people, unused.grants, unused.last_used), (0, 0, None));
    assert!(matches!(operator.remove("made up").await, Err(RemoveClientError::Unknown)));
}

#[tokio::test]
async fn a_registered_client_that_is_removed_is_unknown_and_others_stay() {
    let store = fresh_store();
    let app = App::on(store.clone(), |_| (), |_| ());
    let (client, other) = (app.public_client().await, app.another_client().await);
    let (tokens, others) = (app.tokens(&client, &[]).await, app.tokens(&other, &[]).await);
    let code = app.code(&client, &[]).await;
    let operator = operator(&app, &store);
    assert!(is_good(&app, &tokens).await);
    let removed = operator.remove(&client).await.unwrap();
    assert_eq!((removed.origin, removed.grants), (ClientOrigin::Registered, 1));

    refresh(&app, &client, &tokens).await.assert_error(401, "invalid_client");
    app.token(&redeem(&client, &code)).await.assert_error(401, "invalid_client");
    app.get(&authorize_url(&client, &[])).await.assert_local_error(400);
    assert!(!is_good(&app, &tokens).await && is_good(&app, &others).await);
    assert_eq!(refresh(&app, &other, &others).await.status, StatusCode::OK);
    let ids: Vec<_> = operator.list().await.unwrap().into_iter().map(|line| line.client_id).collect();
    assert_eq!(ids, [other]);
    assert!(matches!(operator.remove(&client).await, Err(RemoveClientError::Unknown)));
    assert_ne!(app.public_client().await, client, "one that registers the same is another one");
}

#[tokio::test]
async fn a_client_that_describes_itself_loses_all_of_it_and_can_be_allowed_again() {
    let (store, site) = (fresh_store(), Site::open().await);
    let app = App::on(store.clone(), |_| (), |options| options.client_documents = site.options());
    let tokens = app.tokens(CLIENT, &[]).await;
    let code = app.code(CLIENT, &[]).await;
    let operator = operator(&app, &store);
    assert!(is_good(&app, &tokens).await);
    assert_eq!(operator.remove(CLIENT).await.unwrap().origin, ClientOrigin::Document);
    assert!(operator.list().await.unwrap().is_empty());
    assert!(!is_good(&app, &tokens).await);
    assert!(!store.consents().any(CLIENT).await.unwrap());

    // It comes back: what it had stays ended.
    app.advance(1);
    let again = app.tokens(CLIENT, &[]).await;
    assert_eq!(refresh(&app, CLIENT, &again).await.status, StatusCode::OK);
    app.token(&redeem(CLIENT, &code)).await.assert_error(400, "invalid_grant");
    refresh(&app, CLIENT, &tokens).await.assert_error(400, "invalid_grant");
    assert_eq!(line(&operator, CLIENT).await.grants, 1);
}

#[tokio::test]
async fn what_need_not_be_asked_again_of_a_removed_client_is_asked() {
    let (store, site) = (fresh_store(), Site::open().await);
    let app = App::on(store.clone(), |_| (), |options| options.client_documents = site.options());
    let asks = authorize_url(CLIENT, &[("redirect_uri", WEB)]);
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&asks).await;
    let back = browser.submit_with(&consent, "allow", &[("remember", "yes")]).await;
    assert!(back.header("location").starts_with(WEB), "{}", back.body);
    assert!(browser.get(&asks).await.header("location").starts_with(WEB), "without a question");
    operator(&app, &store).remove(CLIENT).await.unwrap();
    let asked = browser.get(&asks).await;
    assert!(asked.status == StatusCode::OK && asked.body.contains("value=\"allow\""), "{}", asked.body);
}

#[tokio::test]
async fn device_codes_of_a_removed_client_end_answered_or_not() {
    let store = fresh_store();
    let app = App::on(store.clone(), |_| (), device::devices);
    let (waiting, typed) = device::television(&app).await;
    let (allowed, user_code) = device::television(&app).await;
    assert_eq!(device::answer(&app, &user_code, "allow").await.status, StatusCode::OK);
    let operator = operator(&app, &store);
    // Here the operator's list has no configuration: the television is known by what people allowed it.
    assert_eq!(operator.remove("tv").await.unwrap().origin, ClientOrigin::Gone);
    app.advance(10);
    for device_code in [&waiting, &allowed] {
        let form = [("grant_type", device::GRANT), ("client_id", "tv"), ("device_code", device_code)];
        app.token(&form).await.assert_error(400, "invalid_grant");
    }
    let mut browser = Browser::new(&app);
    let page = device::log_in(&mut browser, device::PAGE, "developer").await;
    let page = device::enter(&mut browser, &page, &typed).await;
    assert!(!page.body.contains("value=\"allow\""), "{}", page.body);
}

#[tokio::test]
async fn with_the_store_down_nothing_is_said_to_be_removed() {
    let outage = fresh_outage();
    let app = App::on(
        outage.store(),
        |_| (),
        |options| {
            options.clients.push(NamedClient {
                grant_types: [GrantType::AuthorizationCode].into(),
                ..NamedClient::public("our app", [REDIRECT.parse().unwrap()])
            });
        },
    );
    app.code("our app", &[]).await;
    let operator = operator(&app, &outage.store());
    outage.begin();
    assert!(matches!(operator.remove("our app").await, Err(RemoveClientError::Store(_))));
    assert!(matches!(operator.list().await, Err(RemoveClientError::Store(_))));
    outage.end();
    assert_eq!(operator.remove("our app").await.unwrap().people, 1);
}
