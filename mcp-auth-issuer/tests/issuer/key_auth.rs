//! Clients that authenticate by a key (`private_key_jwt`: RFC 7523 §2.2, rfc7523bis).

use axum::body::Body;
use http::{Request, StatusCode};
use mcp_auth_issuer::{ClientKeys, GrantType, NamedClient, NamedCredential, SigningKey};
use mcp_auth_store::Client;
use serde_json::{Value, json};

use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;
use crate::site::{CLIENT, Site, document};

pub(crate) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ID: &str = "robot";
const KEYS: &str = "https://client.test/keys.json";

pub(crate) fn key() -> SigningKey {
    SigningKey::generate().unwrap()
}

/// What a good assertion of `client` says at `now`; `jti` makes it another one.
pub(crate) fn claims(client: &str, jti: &str, now: u64) -> Value {
    json!({ "iss": client, "sub": client, "aud": ISSUER, "iat": now, "exp": now + 300, "jti": jti })
}

pub(crate) fn signed(key: &SigningKey, claims: &Value) -> String {
    key.mint_with_header(&json!({ "alg": "ES256", "kid": key.kid() }), claims).unwrap()
}

/// `form` with an assertion, and without `client_id`, which may be left out.
pub(crate) fn with_assertion<'a>(form: &[(&'a str, &'a str)], assertion: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut form = changed(form, ("client_id", ""));
    form.extend([("client_assertion_type", TYPE), ("client_assertion", assertion)]);
    form
}

fn robot(keys: ClientKeys) -> NamedClient {
    let scopes = mcp_auth_core::ScopeSet::parse_lossy("todos.read");
    NamedClient { credential: NamedCredential::Keys(keys), ..NamedClient::machine(ID, "", scopes) }
}

fn app(key: &SigningKey) -> App {
    let robot = robot(ClientKeys::Set(key.jwks().to_string()));
    App::with(|_| (), |options| options.clients.push(robot))
}

const ALONE: [(&str, &str); 1] = [("grant_type", "client_credentials")];

async fn token(app: &App, assertion: &str) -> Answer {
    app.token(&with_assertion(&ALONE, assertion)).await
}

#[tokio::test]
async fn a_client_gets_tokens_by_an_assertion_and_each_is_good_once() {
    let (key, app) = {
        let key = key();
        let app = app(&key);
        (key, app)
    };
    let assertion = signed(&key, &claims(ID, "1", START));
    let first = token(&app, &assertion).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    assert_eq!(first.header("cache-control"), "no-store");
    token(&app, &assertion).await.assert_error(401, "invalid_client");
    app.advance(299);
    token(&app, &assertion).await.assert_error(401, "invalid_client");
    let again = signed(&key, &claims(ID, "2", START + 299));
    let mut beside = with_assertion(&ALONE, &again);
    beside.push(("client_id", ID));
    assert_eq!(app.token(&beside).await.status, StatusCode::OK, "client_id may stand beside it");
}

#[tokio::test]
async fn an_assertion_that_says_something_else_authenticates_nobody() {
    let key = key();
    let app = app(&key);
    let far = START + 601;
    for (number, (claim, value)) in [
        ("aud", json!("http://localhost:8080/token")),
        ("aud", json!("http://localhost:8080/")),
        ("aud", json!([ISSUER, "https://other.example"])),
        ("aud", json!([])),
        ("aud", json!(null)),
        ("exp", json!(START)),
        ("exp", json!(far)),
        ("exp", json!("1800000300")),
        ("exp", json!(null)),
        ("iat", json!(START + 31)),
        ("nbf", json!(START + 31)),
        ("jti", json!("")),
        ("jti", json!(7)),
        ("sub", json!("nightly job")),
        ("sub", json!("nobody")),
        ("iss", json!("nightly job")),
        ("iss", json!(ISSUER)),
    ]
    .into_iter()
    .enumerate()
    {
        let mut said = claims(ID, &number.to_string(), START);
        said[claim] = value.clone();
        token(&app, &signed(&key, &said)).await.assert_error(401, "invalid_client");
    }
    for missing in ["iss", "sub", "aud", "exp", "jti"] {
        let mut said = claims(ID, missing, START);
        said.as_object_mut().unwrap().remove(missing);
        token(&app, &signed(&key, &said)).await.assert_error(401, "invalid_client");
    }
    let mut only = claims(ID, "list", START);
    only["aud"] = json!([ISSUER]);
    only.as_object_mut().unwrap().remove("iat");
    assert_eq!(token(&app, &signed(&key, &only)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_assertion_that_the_clients_key_did_not_sign_authenticates_nobody() {
    let (key, other) = (key(), key());
    let app = app(&key);
    let said = |jti: &str| claims(ID, jti, START);
    token(&app, &signed(&other, &said("unknown kid"))).await.assert_error(401, "invalid_client");
    let same_kid = json!({ "alg": "ES256", "kid": key.kid() });
    let forged = other.mint_with_header(&same_kid, &said("forged")).unwrap();
    token(&app, &forged).await.assert_error(401, "invalid_client");
    for alg in ["none", "HS256", "ES384", "RS256"] {
        let header = json!({ "alg": alg, "kid": key.kid() });
        let signed = key.mint_with_header(&header, &said(alg)).unwrap();
        token(&app, &signed).await.assert_error(401, "invalid_client");
    }
    let hmac_by_public_key = {
        use aws_lc_rs::hmac;
        use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
        let encode = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
        let header = encode(json!({ "alg": "HS256", "kid": key.kid() }).to_string());
        let input = format!("{header}.{}", encode(said("hmac").to_string()));
        let secret = hmac::Key::new(hmac::HMAC_SHA256, key.jwks().to_string().as_bytes());
        format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&secret, input.as_bytes())))
    };
    token(&app, &hmac_by_public_key).await.assert_error(401, "invalid_client");
    for typ in ["at+jwt", "dpop+jwt", "oauth-id-jag+jwt"] {
        let header = json!({ "alg": "ES256", "kid": key.kid(), "typ": typ });
        let signed = key.mint_with_header(&header, &said(typ)).unwrap();
        token(&app, &signed).await.assert_error(401, "invalid_client");
    }
    // What was refused used nothing up.
    for typ in ["JWT", "client-authentication+jwt", "application/client-authentication+jwt"] {
        let header = json!({ "alg": "ES256", "typ": typ });
        let signed = key.mint_with_header(&header, &said(typ)).unwrap();
        assert_eq!(token(&app, &signed).await.status, StatusCode::OK, "{typ}");
    }
    assert_eq!(token(&app, &signed(&key, &said("forged"))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_authenticates_in_one_way_and_in_its_own() {
    let key = key();
    let app = app(&key);
    let good = |jti: &str| signed(&key, &claims(ID, jti, START));
    let assertion = good("1");
    let form = with_assertion(&ALONE, &assertion);
    let mut both = form.clone();
    both.push(("client_secret", "s3cret: with %+ in it"));
    app.token(&both).await.assert_error(401, "invalid_client");
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "Basic bmlnaHRseStqb2I6czNjcmV0JTNBK3dpdGgrJTI1JTJCK2luK2l0");
    app.send(request.body(Body::from(encode(&form))).unwrap()).await.assert_error(401, "invalid_client");
    let mut other = form.clone();
    other.push(("client_id", "nightly job"));
    app.token(&other).await.assert_error(401, "invalid_client");
    for half in ["client_assertion", "client_assertion_type"] {
        app.token(&changed(&form, (half, ""))).await.assert_error(401, "invalid_client");
    }
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    app.token(&changed(&form, ("client_assertion_type", saml))).await.assert_error(401, "invalid_client");
    for secret in [vec![("client_id", ID)], vec![("client_id", ID), ("client_secret", "anything")]] {
        let form: Vec<_> = ALONE.into_iter().chain(secret).collect();
        app.token(&form).await.assert_error(401, "invalid_client");
    }
    let of_another = signed(&key, &claims("nightly job", "2", START));
    token(&app, &of_another).await.assert_error(401, "invalid_client");
    let long = "a".repeat(9 * 1024);
    token(&app, &long).await.assert_error(401, "invalid_client");
    assert_eq!(app.token(&form).await.status, StatusCode::OK, "none of that used it up");
}

#[tokio::test]
async fn an_assertion_authenticates_where_tokens_are_revoked_and_asked_about_too() {
    let key = key();
    let app = app(&key);
    let at = async |path: &str, assertion: &str, token: &str| {
        app.post_form(path, &with_assertion(&[("token", token)], assertion)).await
    };
    let issued = token(&app, &signed(&key, &claims(ID, "1", START))).await.json();
    let access = issued["access_token"].as_str().unwrap().to_owned();
    let used = signed(&key, &claims(ID, "2", START));
    assert_eq!(at("/introspect", &used, &access).await.json()["active"], true);
    at("/introspect", &used, &access).await.assert_error(401, "invalid_client");
    at("/revoke", &used, &access).await.assert_error(401, "invalid_client");
    let fresh = signed(&key, &claims(ID, "3", START));
    assert_eq!(at("/revoke", &fresh, &access).await.status, StatusCode::OK);
    let after = signed(&key, &claims(ID, "4", START));
    assert_eq!(at("/introspect", &after, &access).await.json()["active"], false);
}

#[tokio::test]
async fn an_assertion_that_cannot_be_remembered_is_503_and_counts_later() {
    let (key, outage) = (key(), fresh_outage());
    let robot = robot(ClientKeys::Set(key.jwks().to_string()));
    let app = App::on(outage.store(), |_| (), |options| options.clients.push(robot));
    let assertion = signed(&key, &claims(ID, "1", START));
    outage.begin();
    token(&app, &assertion).await.assert_error(503, "temporarily_unavailable");
    outage.end();
    assert_eq!(token(&app, &assertion).await.status, StatusCode::OK);
    token(&app, &assertion).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn keys_at_a_url_are_fetched_when_needed_and_again_for_a_new_one_at_a_bounded_rate() {
    let (key, next, site) = (key(), key(), Site::open().await);
    let keys = |key: &SigningKey| {
        site.put_with(KEYS, 200, "content-type: application/jwk-set+json", key.jwks().to_string())
    };
    keys(&key);
    let app = App::with(
        |_| (),
        |options| {
            options.client_documents = site.options();
            options.clients.push(robot(ClientKeys::At(KEYS.to_owned())));
        },
    );
    for jti in ["1", "2"] {
        let answer = token(&app, &signed(&key, &claims(ID, jti, START))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    assert_eq!(site.asked().len(), 1, "kept as long as HTTP says");
    keys(&next);
    assert_eq!(token(&app, &signed(&next, &claims(ID, "3", START))).await.status, StatusCode::OK);
    token(&app, &signed(&key, &claims(ID, "4", START))).await.assert_error(401, "invalid_client");
    let asked = site.asked().len();
    for number in 0..20 {
        let unknown = key.mint_with_header(
            &json!({ "alg": "ES256", "kid": format!("unknown {number}") }),
            &claims(ID, &format!("u{number}"), START),
        );
        token(&app, &unknown.unwrap()).await.assert_error(401, "invalid_client");
    }
    assert!(site.asked().len() <= asked + 4, "{} fetches", site.asked().len() - asked);
    site.put_with(KEYS, 500, "content-type: application/json", "{}");
    app.advance(301);
    let unread = token(&app, &signed(&next, &claims(ID, "5", START + 301))).await;
    unread.assert_error(503, "temporarily_unavailable");
    keys(&next);
    assert_eq!(token(&app, &signed(&next, &claims(ID, "5", START + 301))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn keys_are_not_fetched_from_where_strangers_may_not_ask() {
    let site = Site::open().await;
    for url in [
        "https://127.0.0.1/keys.json",
        "https://intranet/keys.json",
        "https://localhost/keys.json",
        "https://keys.example:8443/keys.json",
        "https://metadata.google.internal/keys.json",
        "https://client.test",
    ] {
        let mut options = mcp_auth_issuer::IssuerOptions::ephemeral();
        options.client_documents = site.options();
        options.clients.push(robot(ClientKeys::At(url.to_owned())));
        let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            App::with(|_| (), |all| *all = options.clone())
        }));
        assert!(refused.is_err(), "{url}");
    }
    let key = key();
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    for url in ["https://127.0.0.1/keys.json", "https://intranet/keys.json"] {
        let mut of_document = document(CLIENT);
        of_document["token_endpoint_auth_method"] = json!("private_key_jwt");
        of_document["jwks_uri"] = json!(url);
        site.put(CLIENT, &of_document);
        let page = app.get(&authorize_url(CLIENT, &[])).await;
        if page.status == StatusCode::OK {
            let code = app.code(CLIENT, &[]).await;
            let assertion = signed(&key, &claims(CLIENT, url, START));
            let form = redeem(CLIENT, &code);
            let answer = app.token(&with_assertion(&form, &assertion)).await;
            answer.assert_error(401, "invalid_client");
        }
    }
    assert!(
        site.asked().iter().all(|head| head.starts_with("GET /oauth/client.json ")),
        "{:?}",
        site.asked()
    );
}

/// A document of a client that authenticates by `keys`.
pub(crate) fn document_by(keys: &[&SigningKey]) -> Value {
    let mut document = document(CLIENT);
    document["token_endpoint_auth_method"] = json!("private_key_jwt");
    document["jwks"] = json!({ "keys": keys.iter().map(|key| key.public_jwk()).collect::<Vec<_>>() });
    document
}

/// An issuer, a site, and the refresh token of a client that describes itself and authenticated by `key`.
async fn granted(key: &SigningKey) -> (App, Site, String) {
    let site = Site::open().await;
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    site.put(CLIENT, &document_by(&[key]));
    let code = app.code(CLIENT, &[]).await;
    let form = redeem(CLIENT, &code);
    app.token(&form).await.assert_error(401, "invalid_client");
    let assertion = signed(key, &claims(CLIENT, "code", START));
    let answer = app.token(&with_assertion(&form, &assertion)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    (app, site, refresh)
}

async fn refresh(app: &App, token: &str, key: &SigningKey, jti: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    app.token(&with_assertion(&form, &signed(key, &claims(CLIENT, jti, START)))).await
}

fn next_of(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_document_that_changes_its_keys_one_after_the_other_keeps_the_grant() {
    let (old, new) = (key(), key());
    let (app, site, token) = granted(&old).await;
    let token = next_of(&refresh(&app, &token, &old, "1").await);
    site.put(CLIENT, &document_by(&[&old, &new]));
    let token = next_of(&refresh(&app, &token, &new, "2").await);
    site.put(CLIENT, &document_by(&[&new]));
    next_of(&refresh(&app, &token, &new, "3").await);
}

#[tokio::test]
async fn a_document_that_lost_the_key_of_a_grant_ends_its_refresh() {
    let (old, new) = (key(), key());
    let (app, site, token) = granted(&old).await;
    site.put(CLIENT, &document_by(&[&new]));
    refresh(&app, &token, &old, "1").await.assert_error(401, "invalid_client");
    refresh(&app, &token, &new, "2").await.assert_error(400, "invalid_grant");
    site.put(CLIENT, &document_by(&[&old]));
    refresh(&app, &token, &old, "3").await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_document_that_becomes_that_of_a_public_client_ends_the_grant() {
    let old = key();
    let (app, site, token) = granted(&old).await;
    let form = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", &*token)];
    app.token(&form).await.assert_error(401, "invalid_client");
    site.put(CLIENT, &document(CLIENT));
    app.token(&form).await.assert_error(400, "invalid_grant");
    site.put(CLIENT, &document_by(&[&old]));
    refresh(&app, &token, &old, "1").await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_document_that_has_no_keys_any_more_ends_the_grant_that_the_assertion_names() {
    let old = key();
    let (app, site, token) = granted(&old).await;
    let mut without = document_by(&[&old]);
    without.as_object_mut().unwrap().remove("jwks");
    site.put(CLIENT, &without);
    refresh(&app, &token, &old, "1").await.assert_error(400, "invalid_grant");
    site.put(CLIENT, &document_by(&[&old]));
    refresh(&app, &token, &old, "2").await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_client_of_the_configuration_changes_its_keys_and_keeps_its_grants() {
    let (old, new) = (key(), key());
    let store = fresh_store();
    let at = |key: &SigningKey| {
        let client = NamedClient {
            credential: NamedCredential::Keys(ClientKeys::Set(key.jwks().to_string())),
            redirect_uris: vec![REDIRECT.parse().unwrap()],
            grant_types: Client::for_people(true),
            ..NamedClient::machine(ID, "", Default::default())
        };
        assert!(client.grant_types.contains(&GrantType::RefreshToken));
        App::on(store.clone(), |_| (), |options| options.clients.push(client))
    };
    let app = at(&old);
    let code = app.code(ID, &[]).await;
    let assertion = signed(&old, &claims(ID, "1", START));
    let form = redeem(ID, &code);
    let token = next_of(&app.token(&with_assertion(&form, &assertion)).await);
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    let assertion = signed(&new, &claims(ID, "2", START));
    next_of(&at(&new).token(&with_assertion(&form, &assertion)).await);
}
