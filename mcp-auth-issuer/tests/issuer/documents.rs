//! Clients that describe themselves at a URL (draft-ietf-oauth-client-id-metadata-document).

use std::sync::Arc;

use http::StatusCode;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_issuer::{ClientDocuments, DeniedIssued, HttpFetch, IssuerOptions, LocalIssuerSetup};
use serde_json::{Value, json};

use crate::fresh::fresh_store;
use crate::harness::*;
use crate::site::{CLIENT, Site, document};

/// An issuer that reaches a site, and the site.
pub(crate) async fn app_and_site() -> (App, Site) {
    let site = Site::open().await;
    (app_at(&site), site)
}

fn app_at(site: &Site) -> App {
    App::with(|_| (), |options| options.client_documents = site.options())
}

async fn refresh(app: &App, token: &str) -> Answer {
    app.token(&[("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", token)]).await
}

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().expect("a refresh token").to_owned()
}

/// `url` with `change` made to its document.
fn with(url: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut document = document(url);
    change(&mut document);
    document
}

#[tokio::test]
async fn a_client_that_describes_itself_gets_tokens_and_refreshes_them() {
    let (app, site) = app_and_site().await;
    site.put_with(CLIENT, 200, "content-type: application/json", document(CLIENT).to_string());
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(CLIENT, &[])).await;
    assert!(consent.body.contains("Documented"), "{}", consent.body);
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let answer = app.token(&redeem(CLIENT, &code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let tokens = answer.json();
    assert_eq!(app.claims(tokens["access_token"].as_str().unwrap())["client_id"], CLIENT);
    let again = refresh(&app, &refresh_token(&tokens)).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.body);

    let asked = site.asked();
    assert_eq!(asked.len(), 1, "one document, kept for all of it: {asked:?}");
    let head = asked[0].to_lowercase();
    assert!(head.starts_with("get /oauth/client.json http/1.1\r\n"), "{head}");
    for line in ["host: client.test", "accept: application/json"] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{line}: {head}");
    }
    for sent in ["cookie", "authorization", "referer"] {
        assert!(!head.contains(sent), "{sent}: {head}");
    }
    app.advance(301);
    assert_eq!(refresh(&app, again.json()["refresh_token"].as_str().unwrap()).await.status, StatusCode::OK);
    assert_eq!(
        site.asked().len(),
        2,
        "a document that does not say how long it is fresh is kept for five minutes"
    );
    let revoked =
        app.post_form("/revoke", &[("client_id", CLIENT), ("token", &refresh_token(&tokens))]).await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.body);
}

#[tokio::test]
async fn every_page_names_the_site_that_publishes_the_application_and_warns_of_programs_that_pretend() {
    let (app, _site) = app_and_site().await;
    let mut browser = Browser::new(&app);
    let login = browser.get(&authorize_url(CLIENT, &[])).await;
    let consent = browser.log_in(&authorize_url(CLIENT, &[])).await;
    for page in [&login, &consent] {
        assert!(
            page.body.contains("Published by") && page.body.contains("<strong>client.test</strong>"),
            "{}",
            page.body
        );
        assert!(page.body.contains("Its own claim, not verified."), "{}", page.body);
        assert!(!page.body.contains("logo.png"), "nothing of the document is loaded");
    }
    assert!(consent.body.contains("Another program may pretend to be this application."), "{}", consent.body);
    let web = browser.get(&authorize_url(CLIENT, &[("redirect_uri", "https://app.example/cb")])).await;
    assert!(web.body.contains("It is not the site that publishes the application."), "{}", web.body);
    assert!(!web.body.contains("pretend to be"), "{}", web.body);
    let registered = app.public_client().await;
    let page = browser.get(&authorize_url(&registered, &[])).await;
    assert!(page.body.contains("value=\"allow\"") && !page.body.contains("Published by"), "{}", page.body);
    assert!(!page.body.contains("pretend to be"), "{}", page.body);
}

#[tokio::test]
async fn p25_b15_a_client_id_that_may_not_be_fetched_gets_a_local_page_and_nothing_is_fetched() {
    let (app, site) = app_and_site().await;
    let long = format!("https://client.test/{}", "a".repeat(3 * 1024));
    for client_id in [
        "http://client.test/oauth/client.json",
        "https://client.test",
        "https://client.test/oauth/../oauth/client.json",
        "https://client.test/./oauth/client.json",
        "https://client.test/oauth/%2e%2e/oauth/client.json",
        "https://client.test/%2E/oauth/client.json",
        "https://client.test/oauth/client.json#x",
        "https://user@client.test/oauth/client.json",
        "https://user:pw@client.test/oauth/client.json",
        "https://127.0.0.1/oauth/client.json",
        "https://[::1]/oauth/client.json",
        "https://[::ffff:10.0.0.7]/oauth/client.json",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/oauth/client.json",
        "https://client.example:22/oauth/client.json",
        "https://client.test./oauth/client.json",
        "https://CLIENT.test/oauth/client.json",
        "https://private.test/oauth/client.json",
        "https://a.client.test/oauth/client.json",
        "https://localhost/oauth/client.json",
        "https://intranet/oauth/client.json",
        "file:///etc/passwd",
        "javascript://client.test/%0aalert(1)",
        &long,
    ] {
        let answer = app.get(&authorize_url(client_id, &[])).await;
        answer.assert_local_error(400);
        assert!(
            answer.body.contains("names itself by an address that cannot be used"),
            "{client_id}: {}",
            answer.body
        );
        let token = app.token(&redeem(client_id, "a-code")).await;
        token.assert_error(401, "invalid_client");
    }
    assert!(site.asked().is_empty(), "{:?}", site.asked());
}

#[tokio::test]
async fn a_document_that_breaks_a_rule_gets_a_local_page_that_names_it() {
    let (app, site) = app_and_site().await;
    let set = |member: &'static str, value: Value| move |document: &mut Value| document[member] = value;
    type Change = Box<dyn FnOnce(&mut Value)>;
    let cases: Vec<(Change, &str)> = vec![
        (
            Box::new(set("client_id", json!("https://client.test/oauth/other.json"))),
            "not the URL of the document",
        ),
        (Box::new(set("client_secret", json!("s3cret"))), "has a client_secret"),
        (Box::new(set("client_secret_expires_at", json!(0))), "has a client_secret"),
        (Box::new(set("token_endpoint_auth_method", json!("client_secret_basic"))), "needs a shared secret"),
        (Box::new(set("token_endpoint_auth_method", json!("client_secret_post"))), "needs a shared secret"),
        (Box::new(set("token_endpoint_auth_method", json!("client_secret_jwt"))), "needs a shared secret"),
        (Box::new(set("token_endpoint_auth_method", json!("private_key_jwt"))), "neither jwks nor jwks_uri"),
        (Box::new(|d| drop(d.as_object_mut().unwrap().remove("redirect_uris"))), "no redirect_uris"),
        (Box::new(set("redirect_uris", json!(["javascript:alert(1)"]))), "entry 0"),
        (Box::new(set("redirect_uris", json!([REDIRECT, "http://evil.example/cb"]))), "entry 1"),
        (Box::new(|d| drop(d.as_object_mut().unwrap().remove("client_name"))), "no client_name"),
        (Box::new(set("jwks", json!({ "keys": [{ "kty": "EC", "d": "AA" }] }))), "private or shared key"),
    ];
    for (change, said) in cases {
        site.put(CLIENT, &with(CLIENT, change));
        app.advance(60);
        let answer = app.get(&authorize_url(CLIENT, &[])).await;
        answer.assert_local_error(400);
        assert!(answer.body.contains("description of this application has a mistake"), "{}", answer.body);
        assert!(answer.body.contains(said), "{said}: {}", answer.body);
        app.token(&redeem(CLIENT, "a-code")).await.assert_error(401, "invalid_client");
    }
    site.put(CLIENT, &with(CLIENT, |d| d["redirect_uris"] = json!(["https://app.example/cb"])));
    let answer = app.get(&authorize_url(CLIENT, &[])).await;
    answer.assert_local_error(400);
    assert!(answer.body.contains("unknown address"), "{}", answer.body);
}

#[tokio::test]
async fn p26_an_answer_that_is_not_a_document_gets_a_local_page_and_is_asked_for_again() {
    let (app, site) = app_and_site().await;
    // A client that somebody allowed something, or nothing would be fetched at the token endpoint.
    app.tokens(CLIENT, &[]).await;
    app.advance(600);
    let json = "content-type: application/json";
    let other = "https://other.test/c.json";
    site.put(other, &document(CLIENT));
    let page = |extra: usize| with(CLIENT, |d| d["x"] = json!("x".repeat(extra))).to_string();
    let redirect = format!("{json}\r\nlocation: {other}");
    for (status, headers, body, answered, said) in [
        (302, redirect.as_str(), String::new(), 400, "answered 302"),
        (307, redirect.as_str(), document(CLIENT).to_string(), 400, "answered 307"),
        (404, json, document(CLIENT).to_string(), 400, "answered 404"),
        (203, json, document(CLIENT).to_string(), 400, "answered 203"),
        (500, json, document(CLIENT).to_string(), 503, "answered 500"),
        (200, "content-type: text/html", document(CLIENT).to_string(), 400, "not served as application/json"),
        (200, "x: y", document(CLIENT).to_string(), 400, "not served as application/json"),
        (200, json, "<html></html>".to_owned(), 400, "not one JSON object"),
        (200, json, "[]".to_owned(), 400, "not one JSON object"),
        (200, json, page(5 * 1024), 400, "longer than 5120 bytes"),
        (
            200,
            "content-type: application/json\r\ncontent-encoding: gzip",
            "\u{1f}x".to_owned(),
            400,
            "not one JSON",
        ),
    ] {
        site.put_with(CLIENT, status, &format!("{headers}\r\ncache-control: max-age=3600"), body);
        app.advance(60);
        for times in [1, 2] {
            let before = site.asked().len();
            let answer = app.get(&authorize_url(CLIENT, &[])).await;
            answer.assert_local_error(answered);
            assert!(answer.body.contains(said), "{said}: {}", answer.body);
            assert_eq!(site.asked().len(), before + 1, "{said}, time {times}: errors are not kept");
        }
        let token = app.token(&redeem(CLIENT, "a-code")).await;
        match said.starts_with("not one JSON") {
            true => token.assert_error(401, "invalid_client"),
            false => token.assert_error(503, "temporarily_unavailable"),
        }
    }
    assert!(site.asked().iter().all(|head| !head.contains("other.test")), "no redirect is followed");
    site.put_with(
        CLIENT,
        200,
        "content-type: application/vnd.client+json; charset=utf-8",
        document(CLIENT).to_string(),
    );
    app.advance(60);
    assert_eq!(app.get(&authorize_url(CLIENT, &[])).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_document_that_trickles_is_given_up_after_five_seconds() {
    let (app, site) = app_and_site().await;
    site.trickle(CLIENT);
    let began = tokio::time::Instant::now();
    let answer = app.get(&authorize_url(CLIENT, &[])).await;
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    answer.assert_local_error(503);
    assert!(
        answer.body.contains("the host gave no answer") && answer.body.contains("Show the request again"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_site_that_is_down_or_not_trusted_gets_a_page_that_says_to_try_again() {
    let (app, site) = app_and_site().await;
    site.hang_up(CLIENT);
    let answer = app.get(&authorize_url(CLIENT, &[])).await;
    answer.assert_local_error(503);
    assert_eq!(answer.header("retry-after"), "30");
    assert!(
        answer.body.contains("cannot be read now") && answer.body.contains("Show the request again"),
        "{}",
        answer.body
    );

    let untrusted =
        App::with(|_| (), |o| o.client_documents = ClientDocuments { ca_file: None, ..site.options() });
    site.put(CLIENT, &document(CLIENT));
    let before = site.asked().len();
    untrusted.get(&authorize_url(CLIENT, &[])).await.assert_local_error(503);
    assert_eq!(site.asked().len(), before, "nothing is said to a site whose certificate is not trusted");
}

#[tokio::test]
async fn a_private_host_is_asked_only_where_the_operator_named_it_and_at_the_port_that_they_named() {
    let site = Site::open().await;
    let unnamed = App::with(
        |_| (),
        |o| {
            o.client_documents = site.options();
            o.client_documents.private.remove("client.test");
        },
    );
    unnamed.get(&authorize_url(CLIENT, &[])).await.assert_local_error(400);
    assert!(site.asked().is_empty());
    let with_port = "https://client.test:9443/c.json";
    site.put(with_port, &document(with_port));
    let answer = app_at(&site).get(&authorize_url(with_port, &[])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(site.asked()[0].to_lowercase().contains("host: client.test:9443\r\n"), "{:?}", site.asked());
}

#[tokio::test]
async fn a_document_that_takes_another_way_to_authenticate_ends_the_grant() {
    let (app, site) = app_and_site().await;
    for method in ["private_key_jwt", "client_secret_basic"] {
        site.put(CLIENT, &document(CLIENT));
        app.advance(60);
        let token = refresh_token(&app.tokens(CLIENT, &[]).await);
        site.put(CLIENT, &with(CLIENT, |d| d["token_endpoint_auth_method"] = json!(method)));
        app.advance(60);
        refresh(&app, &token).await.assert_error(400, "invalid_grant");
        site.put(CLIENT, &document(CLIENT));
        refresh(&app, &token).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_document_that_took_a_grant_back_ends_no_other_clients_grant() {
    let (app, site) = app_and_site().await;
    let other = "https://other.test/c.json";
    site.put(other, &document(other));
    let token = refresh_token(&app.tokens(other, &[]).await);
    site.put(CLIENT, &with(CLIENT, |d| d["token_endpoint_auth_method"] = json!("private_key_jwt")));
    refresh(&app, &token).await.assert_error(401, "invalid_client");
    app.advance(60);
    let form = [("grant_type", "refresh_token"), ("client_id", other), ("refresh_token", &*token)];
    assert_eq!(app.token(&form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_takes_nothing_back() {
    let (app, site) = app_and_site().await;
    let code = app.code(CLIENT, &[]).await;
    site.hang_up(CLIENT);
    let unread = app.token(&redeem(CLIENT, &code)).await;
    unread.assert_error(503, "temporarily_unavailable");
    assert_eq!(unread.header("retry-after"), "30");
    site.put(CLIENT, &document(CLIENT));
    let tokens = app.token(&redeem(CLIENT, &code)).await.json();
    let token = refresh_token(&tokens);
    for status in [302, 404, 500] {
        app.advance(60);
        site.put_with(CLIENT, status, "content-type: application/json", "{}");
        refresh(&app, &token).await.assert_error(503, "temporarily_unavailable");
    }
    site.put_with(CLIENT, 200, "content-type: application/json", "{");
    refresh(&app, &token).await.assert_error(401, "invalid_client");
    site.put(CLIENT, &document(CLIENT));
    assert_eq!(refresh(&app, &token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_is_not_redeemed_once_its_redirect_uri_is_no_longer_the_clients() {
    let (app, site) = app_and_site().await;
    let code = app.code(CLIENT, &[]).await;
    site.put(CLIENT, &with(CLIENT, |d| d["redirect_uris"] = json!(["https://app.example/cb"])));
    app.token(&redeem(CLIENT, &code)).await.assert_error(400, "invalid_grant");
    site.put(CLIENT, &document(CLIENT));
    assert_eq!(app.token(&redeem(CLIENT, &code)).await.status, StatusCode::OK, "the code was not used up");
}

#[tokio::test]
async fn a_client_without_refresh_token_in_its_grant_types_gets_none() {
    let (app, site) = app_and_site().await;
    site.put(CLIENT, &with(CLIENT, |d| d["grant_types"] = json!(["authorization_code"])));
    assert!(app.tokens(CLIENT, &[]).await.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_public_client_that_sends_a_secret_is_refused() {
    let (app, _site) = app_and_site().await;
    let code = app.code(CLIENT, &[]).await;
    let with_secret = changed(&redeem(CLIENT, &code), ("client_secret", "guess"));
    app.token(&with_secret).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn p38_strangers_cannot_make_the_server_a_scanner() {
    let (app, site) = app_and_site().await;
    let url = |n: usize| format!("https://client.test/{n}");
    app.tokens(CLIENT, &[]).await;
    app.advance(600);
    let before = site.asked().len();
    for n in 0..20 {
        app.get(&authorize_url(&url(n), &[])).await.assert_local_error(400);
    }
    let refused = app.get(&authorize_url(&url(20), &[])).await;
    refused.assert_local_error(503);
    assert!(refused.body.contains("Too many applications ask at once"), "{}", refused.body);
    assert_eq!(refused.header("retry-after"), "3", "as soon as the host may be asked again");
    assert_eq!(site.asked().len(), before + 20);
    // What strangers use up is not what a client has that somebody allowed something, at the same host.
    assert_eq!(app.get(&authorize_url(CLIENT, &[])).await.status, StatusCode::OK);
    app.token(&redeem(CLIENT, "a-code")).await.assert_error(400, "invalid_grant");
    app.advance(3);
    app.get(&authorize_url(&url(20), &[])).await.assert_local_error(400);
}

#[tokio::test]
async fn documents_are_advertised_unless_they_are_off() {
    let site = Site::open().await;
    let supported = async |app: &App| {
        let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
        metadata["client_id_metadata_document_supported"].clone()
    };
    assert_eq!(supported(&App::new()).await, true);
    let off = App::with(
        |_| (),
        |o| {
            o.client_documents = ClientDocuments { enabled: false, ..site.options() };
        },
    );
    assert_eq!(supported(&off).await, false);
    let answer = off.get(&authorize_url(CLIENT, &[])).await;
    answer.assert_local_error(400);
    assert!(answer.body.contains("register instead"), "{}", answer.body);
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn a_mistake_is_told_to_a_client_that_nobody_allowed_anything_on_a_local_page() {
    let (app, _site) = app_and_site().await;
    let answer = app.get(&authorize_url(CLIENT, &[("response_type", "token")])).await;
    answer.assert_local_error(400);
}

#[test]
fn an_issuer_whose_ca_file_is_missing_or_has_no_certificate_is_not_built() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for (path, said) in [
        (empty.path().with_extension("missing"), "cannot be read"),
        (empty.path().to_owned(), "not a file of certificates"),
    ] {
        let mut options = IssuerOptions::ephemeral();
        options.client_documents.ca_file = Some(path);
        let setup = LocalIssuerSetup {
            issuer: ISSUER.parse().unwrap(),
            reach: mcp_auth_issuer::IssuerReach::ThisComputer,
            resource: RESOURCE.parse().unwrap(),
            server_name: "todos".into(),
            brand: mcp_auth_issuer::Brand::named("todos"),
            scopes: Default::default(),
            families: Vec::new(),
            hierarchy: Default::default(),
            default_scopes: Default::default(),
            ambient: Ambient::system(),
            store: fresh_store(),
            fetch: Arc::new(HttpFetch::new().unwrap()),
            denied: DeniedIssued::nothing(),
        };
        let refused = mcp_auth_issuer::build(setup, options).err().unwrap().to_string();
        assert!(
            refused.starts_with("issuer.client_documents.ca_file: ") && refused.contains(said),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn what_makes_fetching_less_safe_is_warned_of_at_each_start() {
    let site = Site::open().await;
    let log = Arc::new(std::sync::Mutex::new(Vec::new()));
    let written = {
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(Shared(log.clone())).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        drop((app_at(&site), App::new()));
        String::from_utf8(log.lock().unwrap().clone()).unwrap()
    };
    assert_eq!(written.matches("issuer.client_documents.private: ").count(), 3, "{written}");
    assert_eq!(written.matches("issuer.client_documents.ca_file: ").count(), 1, "{written}");
}

/// Writes to a buffer that the test keeps.
#[derive(Clone)]
struct Shared(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Shared {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_document_that_lost_the_redirect_uri_of_a_grant_ends_it() {
    let (app, site) = app_and_site().await;
    let token = refresh_token(&app.tokens(CLIENT, &[]).await);
    site.put(CLIENT, &with(CLIENT, |d| d["redirect_uris"] = json!(["https://app.example/cb"])));
    refresh(&app, &token).await.assert_error(400, "invalid_grant");
    site.put(CLIENT, &document(CLIENT));
    refresh(&app, &token).await.assert_error(400, "invalid_grant");
}

/// The document changes between the page and the answer: the answer is to what the person saw.
#[tokio::test]
async fn p37_a_document_that_changes_while_its_page_is_open_gets_no_code() {
    let (app, site) = app_and_site().await;
    let url = authorize_url(CLIENT, &[]);
    let changes: [fn(&mut Value); 3] = [
        |d| d["client_name"] = json!("Another name"),
        |d| d["grant_types"] = json!(["authorization_code"]),
        |d| d["redirect_uris"] = json!(["https://evil.example/cb"]),
    ];
    for change in changes {
        site.put(CLIENT, &document(CLIENT));
        let mut browser = Browser::new(&app);
        let consent = browser.log_in(&url).await;
        site.put(CLIENT, &with(CLIENT, change));
        let answer = browser.submit(&consent, "allow").await;
        assert!(!answer.headers.contains_key("location"), "{}", answer.body);
    }
}

/// The page would show the one redirect URI of now, and the code would go to that of then.
#[tokio::test]
async fn a_client_that_describes_itself_says_where_the_answer_goes() {
    let (app, _site) = app_and_site().await;
    let url: String = authorize_url(CLIENT, &[]);
    let without =
        url.split('&').filter(|part| !part.starts_with("redirect_uri=")).collect::<Vec<_>>().join("&");
    assert_ne!(url, without);
    app.get(&without).await.assert_local_error(400);
}

#[tokio::test]
async fn a_document_that_gave_up_refreshing_is_refreshed_no_more() {
    let (app, site) = app_and_site().await;
    let token = refresh_token(&app.tokens(CLIENT, &[]).await);
    site.put(CLIENT, &with(CLIENT, |d| d["grant_types"] = json!(["authorization_code"])));
    refresh(&app, &token).await.assert_error(400, "unauthorized_client");
}

/// A document cannot keep a token alive by being gone.
#[tokio::test]
async fn a_client_whose_document_is_gone_still_gives_up_its_tokens() {
    let (app, site) = app_and_site().await;
    let tokens = app.tokens(CLIENT, &[]).await;
    site.put_with(CLIENT, 404, "", "");
    let token = refresh_token(&tokens);
    assert_eq!(
        app.post_form("/revoke", &[("client_id", CLIENT), ("token", &token)]).await.status,
        StatusCode::OK
    );
    site.put(CLIENT, &document(CLIENT));
    refresh(&app, &token).await.assert_error(400, "invalid_grant");
}

/// Who was never allowed anything has nothing to present, so nothing is fetched for them.
#[tokio::test]
async fn at_the_token_endpoint_nothing_is_fetched_for_a_stranger() {
    let (app, site) = app_and_site().await;
    let before = site.asked();
    let form = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", "a.b")];
    app.token(&form).await.assert_error(401, "invalid_client");
    assert_eq!(site.asked(), before);
    app.tokens(CLIENT, &[]).await;
    app.token(&form).await.assert_error(400, "invalid_grant");
}

/// A page of anybody's could ask for as many as it likes by pictures.
#[tokio::test]
async fn what_a_page_asks_for_in_the_background_is_not_looked_up() {
    let (app, site) = app_and_site().await;
    let before = site.asked();
    let request = http::Request::get(authorize_url(CLIENT, &[])).header("host", "localhost:8080");
    let request = request.header("sec-fetch-mode", "no-cors").body(axum::body::Body::empty()).unwrap();
    app.send(request).await.assert_local_error(403);
    assert_eq!(site.asked(), before);
}

/// One stranger kept every new client from everybody: all fetches for strangers were counted together.
#[tokio::test]
async fn p38_a_flood_from_one_address_keeps_no_new_client_from_others() {
    let (app, site) = app_and_site().await;
    let ask = async |address: &str, url: String| {
        let answer = Browser::from(&app, address).get(&authorize_url(&url, &[])).await;
        answer.assert_local_error(if answer.status == StatusCode::BAD_REQUEST { 400 } else { 503 });
        answer
    };
    for n in 0..60 {
        let host = crate::site::HOSTS[n % 3];
        let answer = ask("192.0.2.1", format!("https://{host}/{n}")).await;
        assert_eq!(answer.status == StatusCode::SERVICE_UNAVAILABLE, n >= 20, "{n}: {}", answer.body);
    }
    // The same at the push, and whatever else is asked from there; but not what needs no fetch, or is known.
    let pushed = [("client_id", "https://other.test/new"), ("response_type", "code")];
    let request = http::Request::post("/par").header("content-type", "application/x-www-form-urlencoded");
    let request = request.extension(mcp_auth_runtime::facade::ClientAddress("192.0.2.1".parse().ok()));
    let pushed = app.send(request.body(axum::body::Body::from(encode(&pushed))).unwrap()).await;
    pushed.assert_error(503, "temporarily_unavailable");
    assert_eq!(site.asked().len(), 20);
    app.tokens(CLIENT, &[]).await;
    app.advance(301);
    let page = Browser::from(&app, "192.0.2.1").get(&authorize_url(CLIENT, &[])).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    // Others have what is left, and the next minute the address has its own again.
    assert_eq!(ask("192.0.2.2", "https://third.test/new".to_owned()).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ask("192.0.2.1", "https://third.test/newer".to_owned()).await.status, StatusCode::BAD_REQUEST);
}
