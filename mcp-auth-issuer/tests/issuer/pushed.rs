//! Pushed authorization requests (RFC 9126).

use http::StatusCode;
use mcp_auth_issuer::NamedClient;
use mcp_auth_runtime::facade::ClientAddress;
use serde_json::json;
use url::form_urlencoded::Serializer;

use crate::dpop::{key, proof, proof_at, token};
use crate::harness::*;
use crate::site::{CLIENT, Site, document};

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Pushes the request with these changes, and returns the answer.
pub(crate) async fn push(app: &App, client: &str, extra: &[(&str, &str)]) -> Answer {
    let params = authorize_params(client, extra);
    let form: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    app.post_form("/par", &form).await
}

async fn pushed(app: &App, client: &str, extra: &[(&str, &str)]) -> String {
    let answer = push(app, client, extra).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

pub(crate) fn url(client: &str, request_uri: &str) -> String {
    let pairs = [("client_id", client), ("request_uri", request_uri)];
    format!("/authorize?{}", Serializer::new(String::new()).extend_pairs(pairs).finish())
}

#[tokio::test]
async fn a_pushed_request_leads_to_the_page_and_to_a_code_as_if_it_stood_in_the_url() {
    let app = App::new();
    let client = app.public_client().await;
    let answer = push(&app, &client, &[("scope", "todos.read todos.write")]).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["expires_in"], 90);
    let request_uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
    assert!(request_uri.strip_prefix(PREFIX).is_some_and(|name| name.len() >= 43), "{request_uri}");

    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&url(&client, &request_uri)).await;
    assert!(consent.body.contains("todos.write</code>"), "{}", consent.body);
    let back = browser.submit(&consent, "allow").await;
    assert_eq!(back.param("state").as_deref(), Some("the state"));
    assert_eq!(back.param("iss").as_deref(), Some(ISSUER));
    let tokens = app.token(&redeem(&client, &back.param("code").unwrap())).await.json();
    assert_eq!(tokens["scope"], "todos.read todos.write");
}

#[tokio::test]
async fn a_page_may_be_loaded_again_until_it_is_answered_and_then_the_link_is_over() {
    let app = App::new();
    let client = app.public_client().await;
    for decision in ["allow", "deny"] {
        let link = url(&client, &pushed(&app, &client, &[]).await);
        let mut browser = Browser::new(&app);
        browser.log_in(&link).await;
        browser.get(&link).await;
        let (one, two) = (browser.get(&link).await, browser.get(&link).await);
        assert_eq!(browser.submit(&one, decision).await.status, StatusCode::SEE_OTHER);
        for again in [browser.submit(&two, "allow").await, browser.get(&link).await, app.get(&link).await] {
            again.assert_local_error(400);
            assert!(again.body.contains("This link has expired"), "{}", again.body);
        }
    }
}

/// RFC 9126 §4: an answer that says no is an answer.
#[tokio::test]
async fn a_pushed_request_that_is_answered_with_an_error_is_over() {
    let app = App::with(|_| (), |options| options.users = vec!["developer".to_owned()]);
    let client = app.allowed_client().await;
    let over = async |browser: &mut Browser, link: &str| {
        for again in [browser.get(link).await, app.get(link).await] {
            again.assert_local_error(400);
            assert!(again.body.contains("This link has expired"), "{}", again.body);
        }
    };
    let silent = async || url(&client, &pushed(&app, &client, &[("prompt", "none")]).await);
    let (mut nobody, link) = (Browser::new(&app), silent().await);
    nobody.get(&link).await.assert_redirect_error("login_required");
    over(&mut nobody, &link).await;

    let (mut somebody, link) = (Browser::new(&app), silent().await);
    somebody.log_in(&authorize_url(&client, &[])).await;
    somebody.get(&link).await.assert_redirect_error("consent_required");
    over(&mut somebody, &link).await;
}

#[tokio::test]
async fn of_twenty_pages_that_are_answered_together_one_gives_a_code() {
    let app = App::new();
    let client = app.public_client().await;
    let link = url(&client, &pushed(&app, &client, &[]).await);
    let mut browser = Browser::new(&app);
    browser.log_in(&link).await;
    let (mut pages, mut sent) = (Vec::new(), tokio::task::JoinSet::new());
    for _ in 0..20 {
        pages.push(browser.get(&link).await);
    }
    for page in pages {
        let mut browser = browser.clone();
        sent.spawn(async move { browser.submit(&page, "allow").await.status });
    }
    let statuses = sent.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_link_is_opened_within_90_seconds_and_its_page_is_open_for_half_an_hour() {
    let app = App::new();
    let client = app.public_client().await;
    let (opened, left) =
        (url(&client, &pushed(&app, &client, &[]).await), url(&client, &pushed(&app, &client, &[]).await));
    app.advance(89);
    let mut browser = Browser::new(&app);
    assert_eq!(browser.get(&opened).await.status, StatusCode::OK);
    app.advance(1);
    app.get(&left).await.assert_local_error(400);
    app.advance(29 * 60);
    let consent = browser.log_in(&opened).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());

    let slow = url(&client, &pushed(&app, &client, &[]).await);
    let consent = browser.get(&slow).await;
    app.advance(90 + 30 * 60);
    browser.submit(&consent, "allow").await.assert_local_error(400);
}

#[tokio::test]
async fn a_link_is_of_the_client_that_pushed_it_and_says_nothing_else_beside() {
    let app = App::new();
    let (client, other) = (app.public_client().await, app.another_client().await);
    let request_uri = pushed(&app, &client, &[]).await;
    app.get(&url(&other, &request_uri)).await.assert_local_error(400);
    app.get(&url("", &request_uri)).await.assert_local_error(400);
    let link = url(&client, &request_uri);
    for beside in [
        "scope=todos.read+admin",
        "redirect_uri=http://127.0.0.1:1/callback",
        "redirect_uri=https://evil.example/",
        "state=other",
        "state=",
        "code_challenge=x",
        "prompt=none",
        "request=x",
        "state=the+state&state=other",
    ] {
        let refused = app.get(&format!("{link}&{beside}")).await;
        refused.assert_local_error(400);
        assert!(refused.body.contains("This link contradicts itself"), "{beside}: {}", refused.body);
    }
    for twice in [format!("client_id={client}"), format!("request_uri={PREFIX}other")] {
        app.get(&format!("{link}&{twice}")).await.assert_local_error(400);
    }
    assert_eq!(app.get(&format!("{link}&state=the+state&scope=todos.read")).await.status, StatusCode::OK);
    assert_eq!(app.get(&link).await.status, StatusCode::OK, "none of that used it up");
}

#[tokio::test]
async fn p31_a_request_uri_of_somebody_else_is_refused_and_one_that_was_never_pushed_is_unknown() {
    let app = App::new();
    let client = app.allowed_client().await;
    for foreign in
        ["https://evil.example/request", "http://169.254.169.254/", "urn:example:request", "URN:ietf:x"]
    {
        let refused = app.get(&authorize_url(&client, &[("request_uri", foreign)])).await;
        refused.assert_redirect_error("request_uri_not_supported");
    }
    for unknown in [PREFIX.to_owned(), format!("{PREFIX}{}", "A".repeat(43)), format!("{PREFIX}../x")] {
        app.get(&url(&client, &unknown)).await.assert_local_error(400);
    }
    for object in ["request_uri", "request", "claims", "registration"] {
        let code = match object {
            "request" => "request_not_supported",
            "registration" => "registration_not_supported",
            _ => "invalid_request",
        };
        push(&app, &client, &[(object, "https://evil.example/request")]).await.assert_error(400, code);
    }
    let own = pushed(&app, &client, &[]).await;
    push(&app, &client, &[("request_uri", &own)]).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn each_mistake_that_authorize_refuses_is_refused_at_the_push_too() {
    let app = App::new();
    let client = app.public_client().await;
    for (change, code) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("response_mode", "fragment"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("dpop_jkt", "short"), "invalid_request"),
        (("resource", "https://other.example/mcp"), "invalid_target"),
        (("scope", "nothing"), "invalid_scope"),
        (("max_age", "5m"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("ui_locales", "<b>"), "invalid_request"),
        (("redirect_uri", "https://evil.example/cb"), "invalid_request"),
        (("redirect_uri", "http://localhost:33418/callback"), "invalid_request"),
    ] {
        push(&app, &client, &[change]).await.assert_error(400, code);
    }
    let params = authorize_params(&client, &[]);
    let mut twice: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    twice.push(("scope", "admin"));
    app.post_form("/par", &twice).await.assert_error(400, "invalid_request");
    push(&app, &client, &[("state", &"x".repeat(17 * 1024))]).await.assert_error(413, "invalid_request");
    assert_eq!(app.get("/par").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn who_pushes_authenticates_as_at_the_token_endpoint_and_its_secret_is_not_kept() {
    let app = App::new();
    let document = app.register(&metadata(&[REDIRECT], "client_secret_post")).await.json();
    let (id, secret) = (document["client_id"].as_str().unwrap(), document["client_secret"].as_str().unwrap());
    push(&app, id, &[]).await.assert_error(401, "invalid_client");
    push(&app, id, &[("client_secret", "wrong")]).await.assert_error(401, "invalid_client");
    push(&app, "nobody", &[]).await.assert_error(401, "invalid_client");
    push(&app, "", &[]).await.assert_error(401, "invalid_client");
    let public = app.public_client().await;
    push(&app, &public, &[("client_secret", "x")]).await.assert_error(401, "invalid_client");
    // One that gets tokens for itself alone has nobody to ask.
    push(&app, "nightly job", &[("client_secret", "s3cret: with %+ in it")])
        .await
        .assert_error(400, "unauthorized_client");

    let request_uri = pushed(&app, id, &[("client_secret", secret)]).await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&url(id, &request_uri)).await;
    assert!(!consent.body.contains(secret));
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let mut form = redeem(id, &code);
    form.push(("client_secret", secret));
    assert_eq!(app.token(&form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn where_it_is_required_a_request_in_the_url_is_refused() {
    let app = App::with(|_| (), |options| options.require_par = true);
    let client = app.public_client().await;
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["require_pushed_authorization_requests"], true);
    app.get(&authorize_url(&client, &[])).await.assert_local_error(400);
    let link = url(&client, &pushed(&app, &client, &[]).await);
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&link).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    let refused = app.get(&authorize_url(&client, &[])).await;
    refused.assert_redirect_error("invalid_request");

    let metadata = App::new().get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["require_pushed_authorization_requests"], false);
    assert_eq!(metadata["pushed_authorization_request_endpoint"], json!(format!("{ISSUER}/par")));
    assert_eq!(metadata["request_uri_parameter_supported"], false, "of others");
}

/// Pushes it from an address, or from one that is not known.
async fn push_from(app: &App, client: &str, from: Option<&str>) -> Answer {
    let params = authorize_params(client, &[]);
    let form: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = http::Request::post("/par")
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ClientAddress(from.map(|from| from.parse().unwrap())));
    app.send(request.body(axum::body::Body::from(encode(&form))).unwrap()).await
}

#[tokio::test]
async fn p28_strangers_push_120_at_once_and_take_nothing_from_a_client_that_somebody_allowed() {
    let app = App::new();
    let (known, stranger) = (app.allowed_client().await, app.public_client().await);
    for n in 0..120 {
        let from = format!("192.0.2.{}", n % 10);
        assert_eq!(push_from(&app, &stranger, Some(&from)).await.status, StatusCode::CREATED);
    }
    let refused = push_from(&app, &stranger, Some("192.0.2.10")).await;
    refused.assert_error(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(push_from(&app, &known, Some("192.0.2.11")).await.status, StatusCode::CREATED);
    app.advance(1);
    assert_eq!(push_from(&app, &stranger, Some("192.0.2.12")).await.status, StatusCode::CREATED);
}

/// Anybody can send a request of a public client.
#[tokio::test]
async fn p28_one_address_does_not_use_up_what_a_known_public_client_may_push() {
    let app = App::new();
    let known = app.allowed_client().await;
    // Where nobody's address is known, one of them does not stop all the others.
    for _ in 0..61 {
        assert_eq!(push_from(&app, &known, None).await.status, StatusCode::CREATED);
    }
    for from in [Some("192.0.2.1"), Some("2001:db8:1:2::1")] {
        for _ in 0..60 {
            assert_eq!(push_from(&app, &known, from).await.status, StatusCode::CREATED);
        }
        for _ in 0..300 {
            let refused = push_from(&app, &known, from).await;
            refused.assert_error(429, "temporarily_unavailable");
            assert_eq!(refused.header("retry-after"), "2");
        }
    }
    let neighbour = push_from(&app, &known, Some("2001:db8:1:2:3::9")).await;
    assert_eq!(neighbour.status, StatusCode::TOO_MANY_REQUESTS, "one network");
    for other in ["192.0.2.2", "2001:db8:1:3::1"] {
        assert_eq!(push_from(&app, &known, Some(other)).await.status, StatusCode::CREATED, "{other}");
    }
}

/// A customer with an IPv6 network of 48 bits has 65 536 networks of 64 bits.
#[tokio::test]
async fn p43_who_has_many_ipv6_networks_pushes_four_times_as_many_requests_and_no_more() {
    let app = App::new();
    let known = app.allowed_client().await;
    let mut pushed = 0;
    for network in 0..300 {
        let from = format!("2001:db8:1:{network:x}::1");
        pushed += usize::from(push_from(&app, &known, Some(&from)).await.status == StatusCode::CREATED);
    }
    assert_eq!(pushed, 240);
    for other in ["2001:db8:2::1", "192.0.2.2"] {
        assert_eq!(push_from(&app, &known, Some(other)).await.status, StatusCode::CREATED, "{other}");
    }
}

#[tokio::test]
async fn b02_a_mistake_after_the_push_is_told_with_state_and_one_iss() {
    let app = App::new();
    let client = app.allowed_client().await;
    let link = url(&client, &pushed(&app, &client, &[("prompt", "none")]).await);
    let refused = app.get(&link).await;
    refused.assert_redirect_error("login_required");
    assert_eq!(refused.param("state").as_deref(), Some("the state"));
}

#[tokio::test]
async fn a_client_that_describes_itself_pushes_before_anybody_allowed_it_something() {
    let site = Site::open().await;
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    push(&app, "https://127.0.0.1/oauth/client.json", &[]).await.assert_error(401, "invalid_client");
    let absent = push(&app, "https://client.test/oauth/other.json", &[]).await;
    absent.assert_error(503, "temporarily_unavailable");
    push(&app, CLIENT, &[("client_secret", "x")]).await.assert_error(401, "invalid_client");
    let link = url(CLIENT, &pushed(&app, CLIENT, &[]).await);
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&link).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
}

#[tokio::test]
async fn one_client_alone_may_have_to_push() {
    let app = App::with(
        |_| (),
        |options| {
            let callback = || [REDIRECT.parse().unwrap()];
            options
                .clients
                .push(NamedClient { require_par: true, ..NamedClient::public("pushes", callback()) });
            options.clients.push(NamedClient::public("does not", callback()));
        },
    );
    app.get(&authorize_url("pushes", &[])).await.assert_redirect_error("invalid_request");
    assert_eq!(app.get(&authorize_url("does not", &[])).await.status, StatusCode::OK);
    let link = url("pushes", &pushed(&app, "pushes", &[]).await);
    assert_eq!(app.get(&link).await.status, StatusCode::OK);
}

/// RFC 9126 §6.
#[tokio::test]
async fn a_client_that_registers_so_has_to_push_and_one_that_does_not_is_another() {
    let app = App::new();
    let mut asked = metadata(&[REDIRECT], "none");
    asked["require_pushed_authorization_requests"] = json!(true);
    let told = app.register(&asked).await.json();
    assert_eq!(told["require_pushed_authorization_requests"], true);
    let (pushes, other) = (told["client_id"].as_str().unwrap(), app.public_client().await);
    assert_ne!(pushes, other, "they do not say the same about themselves");
    assert_eq!(app.register(&asked).await.json()["client_id"], pushes, "and this one says the same again");
    app.get(&authorize_url(pushes, &[])).await.assert_local_error(400);
    assert_eq!(app.get(&authorize_url(&other, &[])).await.status, StatusCode::OK);
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&url(pushes, &pushed(&app, pushes, &[]).await)).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    let refused = app.get(&authorize_url(pushes, &[])).await;
    refused.assert_redirect_error("invalid_request");
    asked["require_pushed_authorization_requests"] = json!("yes");
    app.register(&asked).await.assert_error(400, "invalid_client_metadata");
}

#[tokio::test]
async fn a_client_that_manages_itself_says_whether_it_has_to_push() {
    let app = App::new();
    let mut sent = metadata(&[REDIRECT], "client_secret_basic");
    let told = app.register(&sent).await.json();
    assert!(told.get("require_pushed_authorization_requests").is_none(), "false is the default");
    let id = told["client_id"].as_str().unwrap();
    let (at, token) = (format!("/register/{id}"), told["registration_access_token"].as_str().unwrap());
    let put = async |sent: &serde_json::Value| {
        let request = http::Request::put(&at).header("authorization", format!("Bearer {token}"));
        let request = request.header("content-type", "application/json");
        app.send(request.body(axum::body::Body::from(sent.to_string())).unwrap()).await
    };
    sent["client_id"] = json!(id);
    for has_to in [true, false] {
        sent["require_pushed_authorization_requests"] = json!(has_to);
        let told = put(&sent).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        let said = told.json().get("require_pushed_authorization_requests").cloned();
        assert_eq!(said, has_to.then_some(json!(true)));
        let answer = app.get(&authorize_url(id, &[])).await;
        assert_eq!(answer.status == StatusCode::OK, !has_to, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_client_whose_description_says_so_has_to_push() {
    let site = Site::open().await;
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    let says = |value: serde_json::Value| {
        let mut document = document(CLIENT);
        document["require_pushed_authorization_requests"] = value;
        site.put(CLIENT, &document);
    };
    says(json!(true));
    app.get(&authorize_url(CLIENT, &[])).await.assert_local_error(400);
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&url(CLIENT, &pushed(&app, CLIENT, &[]).await)).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    app.get(&authorize_url(CLIENT, &[])).await.assert_redirect_error("invalid_request");
    says(json!(false));
    assert_eq!(app.get(&authorize_url(CLIENT, &[])).await.status, StatusCode::OK);
    says(json!("true"));
    app.get(&authorize_url(CLIENT, &[])).await.assert_local_error(400);
}

async fn push_with_proof(app: &App, client: &str, extra: &[(&str, &str)], proof: &str) -> Answer {
    let params = authorize_params(client, extra);
    let form: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = http::Request::post("/par").header("content-type", "application/x-www-form-urlencoded");
    app.send(request.header("dpop", proof).body(axum::body::Body::from(encode(&form))).unwrap()).await
}

/// RFC 9449 §10.1.
#[tokio::test]
async fn a_proof_at_the_push_binds_the_code_to_its_key_as_dpop_jkt_does() {
    let app = App::new();
    let (client, own, other) = (app.public_client().await, key(), key());
    let jkt = own.kid().to_owned();
    let pushed_with = push_with_proof(&app, &client, &[], &proof_at(&own, "/par")).await;
    assert_eq!(pushed_with.status, StatusCode::CREATED, "{}", pushed_with.body);
    let link = url(&client, pushed_with.json()["request_uri"].as_str().unwrap());
    for url in [link, authorize_url(&client, &[("dpop_jkt", &jkt)])] {
        let mut browser = Browser::new(&app);
        let consent = browser.log_in(&url).await;
        let code = browser.submit(&consent, "allow").await.param("code").unwrap();
        let form = redeem(&client, &code);
        app.token(&form).await.assert_error(400, "invalid_dpop_proof");
        token(&app, &form, &[&proof(&other)]).await.assert_error(400, "invalid_grant");
        assert_eq!(token(&app, &form, &[&proof(&own)]).await.status, StatusCode::OK, "{url}");
    }
    let same = push_with_proof(&app, &client, &[("dpop_jkt", &jkt)], &proof_at(&own, "/par")).await;
    assert_eq!(same.status, StatusCode::CREATED, "{}", same.body);
    let differs = push_with_proof(&app, &client, &[("dpop_jkt", &jkt)], &proof_at(&other, "/par")).await;
    differs.assert_error(400, "invalid_request");
    for bad in [proof(&own), proof_at(&own, "/authorize"), "no proof".to_owned()] {
        push_with_proof(&app, &client, &[], &bad).await.assert_error(400, "invalid_dpop_proof");
    }
    let once = proof_at(&own, "/par");
    assert_eq!(push_with_proof(&app, &client, &[], &once).await.status, StatusCode::CREATED);
    push_with_proof(&app, &client, &[], &once).await.assert_error(400, "invalid_dpop_proof");
}
