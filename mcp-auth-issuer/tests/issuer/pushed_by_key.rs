//! Requests pushed by clients that describe themselves and authenticate by a key (RFC 9126 §2, RFC 7523 §2.2).

use http::{Request, StatusCode};
use mcp_auth_runtime::facade::ClientAddress;
use serde_json::json;

use crate::harness::*;
use crate::key_auth::{claims, document_by, key, signed, with_assertion};
use crate::pushed::url;
use crate::site::{CLIENT, HOSTS, Site};

const OTHER: &str = "https://other.test/oauth/client.json";

/// Pushes the request of whoever made this assertion, from this address.
async fn push(app: &App, assertion: &str, from: &str) -> Answer {
    let params = authorize_params(CLIENT, &[]);
    let form: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = Request::post("/par")
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ClientAddress(from.parse().ok()));
    app.send(request.body(axum::body::Body::from(encode(&with_assertion(&form, assertion)))).unwrap()).await
}

/// Nobody could ever allow such a client anything if it could not push before.
#[tokio::test]
async fn a_client_that_has_to_push_and_authenticates_by_a_key_begins_before_anybody_allowed_it_something() {
    for by_issuer in [true, false] {
        let (own, other, site) = (key(), key(), Site::open().await);
        let app = App::with(
            |_| (),
            |options| {
                options.client_documents = site.options();
                options.require_par = by_issuer;
            },
        );
        let mut document = document_by(&[&own]);
        document["require_pushed_authorization_requests"] = json!(!by_issuer);
        site.put(CLIENT, &document);
        let not_pushed = app.get(&authorize_url(CLIENT, &[])).await;
        not_pushed.assert_local_error(400);

        let assertion = signed(&own, &claims(CLIENT, "push", START));
        let by_another_key = signed(&other, &claims(CLIENT, "push", START));
        push(&app, &by_another_key, "192.0.2.1").await.assert_error(401, "invalid_client");
        let pushed = push(&app, &assertion, "192.0.2.1").await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
        push(&app, &assertion, "192.0.2.1").await.assert_error(401, "invalid_client");

        let mut browser = Browser::new(&app);
        let consent = browser.log_in(&url(CLIENT, pushed.json()["request_uri"].as_str().unwrap())).await;
        let code = browser.submit(&consent, "allow").await.param("code").unwrap();
        let assertion = signed(&own, &claims(CLIENT, "code", START));
        let tokens = app.token(&with_assertion(&redeem(CLIENT, &code), &assertion)).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    }
}

/// There it has something to present only after somebody allowed it something.
#[tokio::test]
async fn elsewhere_nothing_is_fetched_for_the_assertion_of_a_client_that_nobody_allowed_anything() {
    let (own, site) = (key(), Site::open().await);
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    site.put(CLIENT, &document_by(&[&own]));
    let assertion = signed(&own, &claims(CLIENT, "1", START));
    for (path, form) in [
        ("/token", vec![("grant_type", "refresh_token"), ("refresh_token", "a.b")]),
        ("/token", redeem(CLIENT, "a-code")),
        ("/revoke", vec![("token", "a.b")]),
        ("/introspect", vec![("token", "a.b")]),
    ] {
        let refused = app.post_form(path, &with_assertion(&form, &assertion)).await;
        refused.assert_error(401, "invalid_client");
    }
    assert!(site.asked().is_empty(), "{:?}", site.asked());
}

/// Whether it proves anything is known only after something is fetched for it.
#[tokio::test]
async fn p28_an_assertion_of_a_stranger_is_counted_by_address_before_anything_is_fetched_for_it() {
    let (own, site) = (key(), Site::open().await);
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    site.put(CLIENT, &document_by(&[&own]));
    app.code(CLIENT, &[]).await;
    let asked = site.asked().len();
    for n in 0..60 {
        let expired = signed(&own, &claims(OTHER, &n.to_string(), START - 3600));
        push(&app, &expired, "192.0.2.1").await.assert_error(401, "invalid_client");
    }
    let good = |client: &str, jti: &str| signed(&own, &claims(client, jti, START));
    let refused = push(&app, &good(OTHER, "60"), "192.0.2.1").await;
    refused.assert_error(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!(site.asked().len(), asked, "nothing was fetched for any of them");
    let known = push(&app, &good(CLIENT, "known"), "192.0.2.1").await;
    assert_eq!(known.status, StatusCode::CREATED, "somebody allowed it something: {}", known.body);
    let elsewhere = push(&app, &good(OTHER, "61"), "192.0.2.2").await;
    elsewhere.assert_error(503, "temporarily_unavailable");
    assert_eq!(site.asked().len(), asked + 2, "the document of each, which is not to be kept");
}

/// What one address may push is as much as all strangers may have fetched.
#[tokio::test]
async fn p38_assertions_of_strangers_from_one_address_cause_as_many_fetches_as_its_pages_and_no_more() {
    let (own, site) = (key(), Site::open().await);
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    let pushed = async |n: usize, from: &str| {
        let id = format!("https://{}/{n}.json", HOSTS[n % 3]);
        push(&app, &signed(&own, &claims(&id, "1", START)), from).await
    };
    for n in 0..30 {
        let refused = pushed(n, "192.0.2.1").await;
        refused.assert_error(503, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), if n < 20 { "30" } else { "6" }, "{n}");
    }
    assert_eq!(site.asked().len(), 20);
    assert_eq!(pushed(30, "192.0.2.2").await.header("retry-after"), "30", "there is no document at this URL");
    assert_eq!(site.asked().len(), 21);
}
