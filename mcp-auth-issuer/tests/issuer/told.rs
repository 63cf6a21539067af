//! Who is told of a mistake in a request: a client by redirect, at an address that some person has looked at, or else the person (RFC 9700
//! §4.11.2).

use http::{Method, StatusCode};
use serde_json::json;

use crate::fresh::fresh_store;
use crate::harness::*;
use crate::managed::{managed, put, send};
use crate::site::{CLIENT, Site, document};
use crate::strength::{Graded, log_in};

const HERE: &str = "https://app.example/cb";
const THERE: &str = "https://elsewhere.example/cb";
const NOT_AT_THIS_ADDRESS: &str = "Nobody allows this application anything at this address";

fn asks(client: &str, redirect_uri: &str, more: &[(&str, &str)]) -> String {
    authorize_url(client, &[&[("redirect_uri", redirect_uri)], more].concat())
}

/// It is told to the client at `redirect_uri`.
#[track_caller]
fn is_told(answer: &Answer, redirect_uri: &str, code: &str) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(
        answer.header("location").starts_with(&format!("{redirect_uri}?")),
        "{}",
        answer.header("location")
    );
    assert_eq!(answer.param("error").as_deref(), Some(code));
    assert_eq!(answer.param("iss").as_deref(), Some(ISSUER));
    assert_eq!(answer.param("code"), None);
}

#[track_caller]
fn is_told_to_the_person(answer: &Answer, code: &str) {
    answer.assert_local_error(400);
    assert!(answer.body.contains(NOT_AT_THIS_ADDRESS), "{}", answer.body);
    assert!(answer.body.contains(code), "a developer can read it: {}", answer.body);
}

/// A site with the document of a client that returns to these addresses.
async fn site_with(redirect_uris: &[&str]) -> Site {
    let site = Site::open().await;
    site.put(CLIENT, &with(redirect_uris));
    site
}

fn with(redirect_uris: &[&str]) -> serde_json::Value {
    let mut document = document(CLIENT);
    document["redirect_uris"] = json!(redirect_uris);
    document
}

/// As claude.ai and ChatGPT are.
#[tokio::test]
async fn a_client_that_describes_itself_is_told_at_a_web_site_where_somebody_allows_it_something() {
    let site = site_with(&[HERE, THERE]).await;
    let app = App::with_login(Graded::default(), |options| options.client_documents = site.options());
    let asks = |redirect_uri: &str, more: &[(&str, &str)]| asks(CLIENT, redirect_uri, more);
    let mut browser = Browser::new(&app);
    let never = browser.get(&asks(HERE, &[("prompt", "none")])).await;
    never.assert_local_error(400);
    assert!(never.body.contains("was not allowed anything here yet"), "{}", never.body);
    let consent = log_in(&mut browser, &asks(HERE, &[]), "pwd").await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());

    let mut nobody = Browser::new(&app);
    is_told(&nobody.get(&asks(HERE, &[("prompt", "none")])).await, HERE, "login_required");
    is_told(&browser.get(&asks(HERE, &[("prompt", "none")])).await, HERE, "consent_required");
    for (mistake, code) in [
        (("scope", "nothing"), "invalid_scope"),
        (("resource", "https://other.example/mcp"), "invalid_target"),
        (("code_challenge", "short"), "invalid_request"),
    ] {
        is_told(&nobody.get(&asks(HERE, &[mistake])).await, HERE, code);
        is_told_to_the_person(&nobody.get(&asks(THERE, &[mistake])).await, code);
    }
    let (weak, code) = ([("acr_values", "mfa")], "unmet_authentication_requirements");
    is_told(&log_in(&mut Browser::new(&app), &asks(HERE, &weak), "pwd").await, HERE, code);
    // Who logged in has not seen the address: the page that shows it comes after that.
    is_told_to_the_person(&log_in(&mut Browser::new(&app), &asks(THERE, &weak), "pwd").await, code);

    let consent = browser.get(&asks(THERE, &[])).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    for address in [HERE, THERE] {
        is_told(&nobody.get(&asks(address, &[("prompt", "none")])).await, address, "login_required");
    }
}

#[tokio::test]
async fn an_address_that_a_description_got_later_is_told_nothing_and_neither_is_one_where_all_was_ended() {
    let (site, store) = (site_with(&[HERE]).await, fresh_store());
    let app = App::on(store.clone(), |_| (), |options| options.client_documents = site.options());
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&asks(CLIENT, HERE, &[])).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    site.put(CLIENT, &with(&[HERE, THERE]));
    let mut nobody = Browser::new(&app);
    let silent = |redirect_uri: &str| asks(CLIENT, redirect_uri, &[("prompt", "none")]);
    is_told(&nobody.get(&silent(HERE)).await, HERE, "login_required");
    is_told_to_the_person(&nobody.get(&silent(THERE)).await, "login_required");
    store.consents().end_client_of_person("developer", CLIENT, START).await.unwrap();
    is_told_to_the_person(&nobody.get(&silent(HERE)).await, "login_required");
}

/// A "no" before the login is an answer of somebody who has not seen the address.
#[tokio::test]
async fn who_cancels_before_the_login_is_sent_where_somebody_allows_the_client_something_alone() {
    let site = site_with(&[HERE, THERE]).await;
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&asks(CLIENT, HERE, &[])).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    let mut nobody = Browser::new(&app);
    let login = nobody.get(&asks(CLIENT, HERE, &[])).await;
    is_told(&nobody.submit(&login, "deny").await, HERE, "access_denied");
    let login = nobody.get(&asks(CLIENT, THERE, &[])).await;
    let here = nobody.submit(&login, "deny").await;
    here.assert_local_error(403);
    assert!(here.body.contains(NOT_AT_THIS_ADDRESS), "{}", here.body);
    // Who is logged in has seen it.
    let consent = browser.get(&asks(CLIENT, THERE, &[])).await;
    is_told(&browser.submit(&consent, "deny").await, THERE, "access_denied");
}

/// RFC 7592: it changes its addresses when it likes, as a description does.
#[tokio::test]
async fn a_client_that_manages_itself_is_told_where_somebody_allows_it_something_too() {
    let app = App::new();
    let client = managed(&app, "client_secret_basic").await;
    let to = |uri: &str| put(&client, &json!({ "redirect_uris": [uri] }));
    let move_to = async |uri: &str| {
        let moved = send(&app, Method::PUT, &client.url, Some(&client.bearer), Some(&to(uri))).await;
        assert_eq!(moved.status, StatusCode::OK, "{}", moved.body);
    };
    move_to(HERE).await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&asks(&client.id, HERE, &[])).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    let mut nobody = Browser::new(&app);
    let silent = |redirect_uri: &str| asks(&client.id, redirect_uri, &[("prompt", "none")]);
    is_told(&nobody.get(&silent(HERE)).await, HERE, "login_required");
    move_to(THERE).await;
    is_told_to_the_person(&nobody.get(&silent(THERE)).await, "login_required");
    let consent = browser.get(&asks(&client.id, THERE, &[])).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    is_told(&nobody.get(&silent(THERE)).await, THERE, "login_required");
}

/// Their addresses stay as they are: for those who registered them as for those who share them.
#[tokio::test]
async fn clients_whose_addresses_stay_are_told_once_the_operator_or_a_person_looked_at_them() {
    let app = App::with(
        |_| (),
        |options| {
            let both = [HERE.parse().unwrap(), THERE.parse().unwrap()];
            options.clients.push(mcp_auth_issuer::NamedClient::public("ours", both));
        },
    );
    let registered = app.register(&metadata(&[HERE, THERE], "none")).await.json();
    for client in ["ours", registered["client_id"].as_str().unwrap()] {
        let mut browser = Browser::new(&app);
        let first = browser.get(&asks(client, THERE, &[("prompt", "none")])).await;
        match client {
            // The operator said where its answers go.
            "ours" => is_told(&first, THERE, "login_required"),
            _ => first.assert_local_error(400),
        }
        let consent = browser.log_in(&asks(client, HERE, &[])).await;
        assert!(browser.submit(&consent, "allow").await.param("code").is_some());
        let silent = Browser::new(&app).get(&asks(client, THERE, &[("prompt", "none")])).await;
        is_told(&silent, THERE, "login_required");
    }
}
