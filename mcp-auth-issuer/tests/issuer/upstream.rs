//! People log in at an OpenID Connect provider: what it says is believed once, for the login that asked, of those who are let in.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_issuer::upstream::{
    Admitted, InvalidUpstream, UpstreamLogin, UpstreamOptions, UpstreamProvider,
};
use mcp_auth_issuer::{Fetch, FetchError, FetchFuture, FetchRequest, Fetched, Params, Store};
use mcp_auth_tests::clock::MovedClock;
use rcgen::{KeyPair, PublicKeyData as _};
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::fresh::fresh_store;
use crate::harness::*;

const PROVIDER: &str = "https://login.example";

pub(crate) type Reply = Result<(u16, Vec<u8>), FetchError>;

/// A provider: what it answers at each URL, and what it was asked.
pub(crate) struct Provider {
    /// Where its metadata is.
    issuer: String,
    key: EncodingKey,
    jwk: Value,
    replies: Mutex<HashMap<String, Vec<Reply>>>,
    asked: Mutex<Vec<FetchRequest>>,
    metadata: Mutex<Value>,
    /// The claims of the next ID token.
    claims: Mutex<Value>,
    header: Mutex<Header>,
    refreshes: Mutex<Refreshes>,
}

/// How a provider gives refresh tokens, and which of them are good: of each family the newest one.
#[derive(Default)]
pub(crate) struct Refreshes {
    /// Whether a login gives one.
    pub(crate) gives: bool,
    /// Whether each refresh replaces it, and one that comes twice ends all.
    pub(crate) rotates: bool,
    /// Whether a refresh gives no new ID token.
    pub(crate) without_id_token: bool,
    /// How long a refresh takes.
    pub(crate) takes: Duration,
    /// When its access tokens end.
    pub(crate) expires_in: Option<u64>,
    good: HashSet<String>,
    given: usize,
    presented: Vec<String>,
}

impl Refreshes {
    fn next(&mut self) -> String {
        self.given += 1;
        let token = format!("upstream-refresh-{}", self.given);
        self.good.insert(token.clone());
        token
    }

    /// What it answers to this token request: members of the answer, and whether it has an ID token; or the error.
    fn answer(&mut self, form: &Params) -> Result<(Value, bool), Reply> {
        let mut answer = json!({ "access_token": "upstream-access", "token_type": "Bearer" });
        if let Some(seconds) = self.expires_in {
            answer["expires_in"] = seconds.into();
        }
        if form.get("grant_type") == Some("authorization_code") {
            if self.gives {
                answer["refresh_token"] = self.next().into();
            }
            return Ok((answer, true));
        }
        let token = form.get("refresh_token").unwrap().to_owned();
        self.presented.push(token.clone());
        if !self.good.contains(&token) {
            self.good.clear();
            return Err(text(400, r#"{"error":"invalid_grant"}"#));
        }
        if self.rotates {
            self.good.remove(&token);
            answer["refresh_token"] = self.next().into();
        }
        Ok((answer, !self.without_id_token))
    }
}

impl Provider {
    pub(crate) fn new() -> Arc<Self> {
        let metadata = json!({
            "issuer": PROVIDER, "authorization_endpoint": format!("{PROVIDER}/authorize?tenant=a"),
            "token_endpoint": format!("{PROVIDER}/token"), "jwks_uri": format!("{PROVIDER}/jwks"),
        });
        Self::like(PROVIDER, metadata, &json!({}))
    }

    /// One with this metadata, below `issuer`, and with `key` in its only key.
    pub(crate) fn like(issuer: &str, metadata: Value, key: &Value) -> Arc<Self> {
        let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let b64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let public = pair.der_bytes();
        let mut jwk = json!({ "kty": "EC", "crv": "P-256", "kid": "k", "x": b64(&public[1..33]), "y": b64(&public[33..]) });
        jwk.as_object_mut().unwrap().extend(key.as_object().unwrap().clone());
        Arc::new(Self {
            issuer: issuer.to_owned(),
            key: EncodingKey::from_ec_der(pair.serialized_der()),
            jwk,
            replies: Mutex::default(),
            asked: Mutex::default(),
            metadata: Mutex::new(metadata),
            claims: Mutex::new(Value::Null),
            header: Mutex::new(Header { kid: Some("k".into()), ..Header::new(Algorithm::ES256) }),
            refreshes: Mutex::default(),
        })
    }

    /// What it answers next at this path instead.
    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.replies.lock().unwrap().entry(path.to_owned()).or_default().push(reply);
    }

    fn id_token(&self) -> String {
        jsonwebtoken::encode(&self.header.lock().unwrap(), &*self.claims.lock().unwrap(), &self.key).unwrap()
    }

    /// What its metadata says.
    pub(crate) fn metadata(&self) -> Value {
        self.metadata.lock().unwrap().clone()
    }

    /// Its metadata says this from now on.
    pub(crate) fn publishes(&self, metadata: Value) {
        *self.metadata.lock().unwrap() = metadata;
    }

    /// How it gives refresh tokens.
    pub(crate) fn refreshes(&self, change: impl FnOnce(&mut Refreshes)) {
        change(&mut self.refreshes.lock().unwrap());
    }

    /// It ends all that it gave.
    pub(crate) fn revokes(&self) {
        self.refreshes(|refreshes| refreshes.good.clear());
    }

    /// The refresh tokens that were presented to it, of those answered by itself.
    pub(crate) fn presented(&self) -> Vec<String> {
        self.refreshes.lock().unwrap().presented.clone()
    }

    /// How often this path was asked.
    pub(crate) fn times(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|request| request.url.path() == path).count()
    }

    /// The last request at this path.
    pub(crate) fn last(&self, path: &str) -> FetchRequest {
        let asked = self.asked.lock().unwrap();
        asked.iter().rev().find(|request| request.url.path() == path).expect("it was asked").clone()
    }

    fn answer(&self, request: &FetchRequest) -> Reply {
        let path = request.url.path();
        let planned = self.replies.lock().unwrap().get_mut(path).and_then(Vec::pop);
        let below = Url::parse(&self.issuer).unwrap();
        let is_metadata =
            path == format!("{}/.well-known/openid-configuration", below.path().trim_end_matches('/'));
        planned.unwrap_or_else(|| match path {
            _ if is_metadata => ok(&self.metadata.lock().unwrap()),
            _ if path == self.path("jwks_uri") => ok(&json!({ "keys": [self.jwk] })),
            _ if path == self.path("token_endpoint") => {
                let form = Params::parse(std::str::from_utf8(&request.body).unwrap()).unwrap();
                match self.refreshes.lock().unwrap().answer(&form) {
                    Ok((mut answer, with_id_token)) => {
                        if with_id_token {
                            answer["id_token"] = self.id_token().into();
                        }
                        ok(&answer)
                    }
                    Err(reply) => reply,
                }
            }
            _ => Ok((404, Vec::new())),
        })
    }

    /// The path of a URL in its metadata.
    pub(crate) fn path(&self, member: &str) -> String {
        let metadata = self.metadata.lock().unwrap();
        let url = metadata[member].as_str().and_then(|url| Url::parse(url).ok());
        url.map_or_else(String::new, |url| url.path().to_owned())
    }

    /// What its next ID token says.
    pub(crate) fn will_say(&self, claims: Value) {
        *self.claims.lock().unwrap() = claims;
    }

    /// The last request to the token endpoint.
    pub(crate) fn redeemed(&self) -> (Params, Option<String>) {
        let path = self.path("token_endpoint");
        let asked = self.asked.lock().unwrap();
        let request =
            asked.iter().rev().find(|request| request.url.path() == path).expect("a code was redeemed");
        let basic = request.headers.get("authorization").map(|basic| basic.to_str().unwrap().to_owned());
        (Params::parse(std::str::from_utf8(&request.body).unwrap()).unwrap(), basic)
    }
}

impl Fetch for Provider {
    fn fetch(&self, request: FetchRequest, max_bytes: usize) -> FetchFuture<'_> {
        let takes = self.refreshes.lock().unwrap().takes;
        let takes = Some(takes).filter(|_| request.url.path() == self.path("token_endpoint"));
        let answer = self.answer(&request);
        self.asked.lock().unwrap().push(request);
        let answer = answer.and_then(|(status, body)| match body.len() > max_bytes {
            true => Err(FetchError::TooLarge { limit: max_bytes }),
            false => Ok(Fetched {
                status: StatusCode::from_u16(status).unwrap(),
                headers: http::HeaderMap::new(),
                body: body.into(),
            }),
        });
        Box::pin(async move {
            if let Some(takes) = takes.filter(|takes| !takes.is_zero()) {
                tokio::time::sleep(takes).await;
            }
            answer
        })
    }
}

pub(crate) fn ok(body: &Value) -> Reply {
    Ok((200, body.to_string().into_bytes()))
}

pub(crate) fn text(status: u16, body: &str) -> Reply {
    Ok((status, body.as_bytes().to_vec()))
}

pub(crate) fn options() -> UpstreamOptions {
    UpstreamOptions {
        client_secret: Some(SecretText::new("s3cret: %")),
        scopes: ScopeSet::parse_lossy("openid profile"),
        admitted: Admitted::subjects(["17"]),
        ..UpstreamOptions::openid("company", PROVIDER.parse().unwrap(), "us")
    }
}

pub(crate) fn app(provider: &Arc<Provider>, change: impl FnOnce(&mut UpstreamOptions)) -> App {
    app_on(fresh_store(), provider, change)
}

pub(crate) fn app_on(
    store: Store,
    provider: &Arc<Provider>,
    change: impl FnOnce(&mut UpstreamOptions),
) -> App {
    let mut options = options();
    change(&mut options);
    let fetch: Arc<dyn Fetch> = provider.clone();
    // The provider's clock is that of the issuer, which no test here moves far.
    let login = UpstreamLogin::new(options, fetch, MovedClock::at(START).ambient()).unwrap();
    App::by_login(store, login)
}

/// Presses the button that leads to the provider: of an application's page, what that asks for is allowed by it.
pub(crate) async fn press(browser: &mut Browser, page: &Answer) -> Answer {
    let decision = if page.body.contains("value=\"allow\"") { "allow" } else { "login" };
    browser.submit(page, decision).await
}

/// Whether this page of an application asks before the provider.
pub(crate) fn asks_first(page: &Answer) -> bool {
    page.body.contains("value=\"allow\"") && page.body.contains("You log in at")
}

/// Whether this page of an application asks a person who is logged in.
pub(crate) fn asks_the_person(page: &Answer) -> bool {
    page.body.contains("value=\"allow\"") && !page.body.contains("You log in at")
}

/// Where it ends after the way back: with the page that is shown then, or with what the client is told at once.
pub(crate) async fn settled(browser: &mut Browser, back: Answer) -> Answer {
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    match back.header("location").starts_with('/') {
        true => browser.get(back.header("location")).await,
        false => back,
    }
}

/// Presses the button of the page; the authorization request at the provider.
pub(crate) async fn leave(browser: &mut Browser, url: &str) -> Params {
    let page = browser.get(url).await;
    let button = if url == "/account" { "Continue to" } else { "log in at" };
    assert!(page.body.contains(&format!("{button} <bdi>login.example</bdi></button>")), "{}", page.body);
    let away = press(browser, &page).await;
    assert_eq!(away.status, StatusCode::SEE_OTHER, "{}", away.body);
    let to = away.location();
    assert!(to.as_str().starts_with("https://login.example/authorize?tenant=a&response_type=code&"), "{to}");
    Params::parse(to.query().unwrap()).unwrap()
}

/// The provider's ID token will be for this request, with these claims otherwise; `null` takes one out.
pub(crate) fn says(provider: &Provider, request: &Params, changes: &Value) {
    let mut claims = json!({
        "iss": PROVIDER, "aud": "us", "sub": "17", "iat": START, "exp": START + 300, "auth_time": START - 5,
        "nonce": request.get("nonce"), "name": "Ann", "email": "ann@example.com", "at_hash": "x", "acr": "gold", "amr": ["pwd"],
    });
    for (claim, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(claim),
            value => claims.as_object_mut().unwrap().insert(claim.clone(), value.clone()),
        };
    }
    *provider.claims.lock().unwrap() = claims;
}

pub(crate) fn back(parameters: &[(&str, &str)]) -> String {
    format!("/authorize/login/company?{}", Serializer::new(String::new()).extend_pairs(parameters).finish())
}

/// How it ends for a new browser whose ID token says this.
pub(crate) async fn ends(app: &App, provider: &Provider, changes: &Value) -> StatusCode {
    let client = app.public_client().await;
    let mut browser = Browser::new(app);
    let url = authorize_url(&client, &[]);
    let request = leave(&mut browser, &url).await;
    says(provider, &request, changes);
    let answer = browser.get(&back(&[("code", "c"), ("state", request.get("state").unwrap())])).await;
    let page = browser.get(&url).await;
    assert_eq!(asks_the_person(&page), answer.status == StatusCode::SEE_OTHER, "{}", answer.body);
    answer.status
}

#[tokio::test]
async fn a_person_logs_in_at_the_provider_and_is_known_by_issuer_and_subject() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[("login_hint", "ann"), ("max_age", "300"), ("acr_values", "gold")]);
    let request = leave(&mut browser, &url).await;
    for (name, value) in [
        ("client_id", "us"),
        ("redirect_uri", "http://localhost:8080/authorize/login/company"),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
        ("max_age", "300"),
        ("login_hint", "ann"),
        ("acr_values", "gold"),
    ] {
        assert_eq!(request.get(name), Some(value), "{name}");
    }
    says(&provider, &request, &json!({}));
    let state = request.get("state").unwrap();
    let answer = browser.get(&back(&[("code", "the code"), ("state", state), ("iss", PROVIDER)])).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let consent = browser.get(answer.header("location")).await;
    assert!(consent.body.contains("<bdi>Ann</bdi>"), "{}", consent.body);

    let (form, basic) = provider.redeemed();
    // RFC 6749 §2.3.1: "us" and "s3cret: %", form-encoded, then in base64.
    let expected = base64::prelude::BASE64_STANDARD.encode("us:s3cret%3A+%25");
    assert_eq!(basic, Some(format!("Basic {expected}")));
    assert_eq!((form.get("code"), form.get("client_secret")), (Some("the code"), None));
    let challenge =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, form.get("code_verifier").unwrap().as_bytes());
    assert_eq!(request.get("code_challenge"), Some(&*BASE64_URL_SAFE_NO_PAD.encode(challenge)));

    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let tokens = app.token(&redeem(&client, &code)).await.json();
    let claims = app.claims(tokens["access_token"].as_str().unwrap());
    let subject = claims["sub"].as_str().unwrap();
    assert!(subject.starts_with("oidc_") && !subject.contains("17") && !subject.contains("ann"), "{subject}");
    assert_eq!((&claims["auth_time"], &claims["acr"]), (&(START - 5).into(), &"gold".into()));
    assert!(claims.get("email").is_none() && claims.get("name").is_none());
}

#[tokio::test]
async fn a_client_without_a_secret_or_one_whose_secret_goes_into_the_form_redeems_too() {
    for (secret, method, in_form) in [(None, "none", None), (Some("s"), "client_secret_post", Some("s"))] {
        let provider = Provider::new();
        provider.metadata.lock().unwrap()["token_endpoint_auth_methods_supported"] =
            json!([method, "client_secret_post"]);
        let app = app(&provider, |options| options.client_secret = secret.map(SecretText::new));
        assert_eq!(ends(&app, &provider, &json!({})).await, StatusCode::SEE_OTHER);
        let (form, basic) = provider.redeemed();
        assert_eq!((form.get("client_id"), form.get("client_secret"), basic), (Some("us"), in_form, None));
    }
}

#[tokio::test]
async fn nobody_is_let_in_who_is_not_named_unless_anyone_is() {
    let provider = Provider::new();
    let listed = app(&provider, |_| ());
    assert_eq!(ends(&listed, &provider, &json!({})).await, StatusCode::SEE_OTHER);
    for changes in
        [json!({ "sub": "18" }), json!({ "sub": "18", "email": "ann@example.com" }), json!({ "sub": "1" })]
    {
        assert_eq!(ends(&listed, &provider, &changes).await, StatusCode::FORBIDDEN, "{changes}");
    }
    let anyone = app(&provider, |options| options.admitted = Admitted::Anyone);
    assert_eq!(ends(&anyone, &provider, &json!({ "sub": "18" })).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn p35_who_is_not_let_in_any_more_is_refreshed_no_more_and_others_are() {
    let (provider, store) = (Provider::new(), fresh_store());
    let admits = |subjects: &[&str]| {
        let admitted = Admitted::subjects(subjects.iter().copied());
        app_on(store.clone(), &provider, |options| options.admitted = admitted)
    };
    let before = admits(&["17", "18"]);
    let client = before.public_client().await;
    let tokens = async |sub: &str| {
        let mut browser = Browser::new(&before);
        let url = authorize_url(&client, &[]);
        let request = leave(&mut browser, &url).await;
        says(&provider, &request, &json!({ "sub": sub }));
        browser.get(&back(&[("code", "c"), ("state", request.get("state").unwrap())])).await;
        let consent = browser.get(&url).await;
        let code = browser.submit(&consent, "allow").await.param("code").unwrap();
        before.token(&redeem(&client, &code)).await.json()["refresh_token"].as_str().unwrap().to_owned()
    };
    let (one, other) = (tokens("17").await, tokens("18").await);
    let refresh = async |app: &App, token: &str| {
        app.token(&[("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", token)]).await
    };
    let after = admits(&["18"]);
    refresh(&after, &one).await.assert_error(400, "invalid_grant");
    assert_eq!(refresh(&after, &other).await.status, StatusCode::OK);
    refresh(&before, &one).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn an_id_token_of_another_login_client_or_time_logs_nobody_in() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    for good in [
        json!({}),
        json!({ "aud": ["us"] }),
        json!({ "aud": ["us", "them"], "azp": "us" }),
        json!({ "azp": "us", "auth_time": null, "name": null, "acr": 5 }),
    ] {
        assert_eq!(ends(&app, &provider, &good).await, StatusCode::SEE_OTHER, "{good}");
    }
    for bad in [
        json!({ "nonce": null }),
        json!({ "nonce": "of another login" }),
        json!({ "nonce": 5 }),
        json!({ "aud": "them" }),
        json!({ "aud": ["us", "them"] }),
        json!({ "aud": ["us", "them"], "azp": "them" }),
        json!({ "azp": "them" }),
        json!({ "aud": null }),
        json!({ "iss": "https://login.evil" }),
        json!({ "iss": format!("{PROVIDER}/") }),
        json!({ "iss": null }),
        json!({ "exp": START - 61 }),
        json!({ "exp": null }),
        json!({ "iat": null }),
        json!({ "iat": START + 600, "exp": START + 900 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": 17 }),
        json!({ "auth_time": "now" }),
        json!({ "auth_time": START + 600 }),
    ] {
        assert_eq!(ends(&app, &provider, &bad).await, StatusCode::FORBIDDEN, "{bad}");
    }
    for header in [
        Header { typ: Some("at+jwt".into()), kid: Some("k".into()), ..Header::new(Algorithm::ES256) },
        Header { typ: Some("logout+jwt".into()), kid: Some("k".into()), ..Header::new(Algorithm::ES256) },
    ] {
        *provider.header.lock().unwrap() = header;
        assert_eq!(ends(&app, &provider, &json!({})).await, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn an_id_token_that_another_key_signed_or_none_logs_nobody_in() {
    let (provider, stranger) = (Provider::new(), Provider::new());
    let app = app(&provider, |_| ());
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    for kind in ["own", "stranger", "none"] {
        let mut browser = Browser::new(&app);
        let request = leave(&mut browser, &url).await;
        let signer = if kind == "stranger" { &stranger } else { &provider };
        says(signer, &request, &json!({}));
        let mut token = signer.id_token();
        if kind == "none" {
            let payload = token.split('.').nth(1).unwrap();
            token = format!("{}.{payload}.", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        }
        provider.reply("/token", ok(&json!({ "id_token": token })));
        let answer = browser.get(&back(&[("code", "c"), ("state", request.get("state").unwrap())])).await;
        let expected = if kind == "own" { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status, expected, "{kind}: {}", answer.body);
    }
}

#[tokio::test]
async fn p15_state_is_ours_once_and_in_this_browser_and_iss_is_the_providers() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    let asked =
        || provider.asked.lock().unwrap().iter().filter(|request| request.url.path() == "/token").count();

    let (mut hers, mut his) = (Browser::new(&app), Browser::new(&app));
    let request = leave(&mut hers, &url).await;
    leave(&mut his, &url).await;
    let state = request.get("state").unwrap();
    says(&provider, &request, &json!({}));
    for parameters in [
        vec![("code", "c")],
        vec![("code", "c"), ("state", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")],
        vec![("code", "c"), ("state", state), ("state", state)],
    ] {
        hers.get(&back(&parameters)).await.assert_local_error(400);
    }
    his.get(&back(&[("code", "c"), ("state", state)])).await.assert_local_error(400);
    hers.get(&back(&[("code", "c"), ("state", state)])).await.assert_local_error(400);

    for iss in ["https://login.evil", "https://login.example/", ""] {
        let request = leave(&mut hers, &url).await;
        says(&provider, &request, &json!({}));
        let state = request.get("state").unwrap();
        let answer = hers.get(&back(&[("code", "c"), ("state", state), ("iss", iss)])).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{iss}");
    }
    assert_eq!(asked(), 0, "no code of any of these was sent anywhere");

    let request = leave(&mut hers, &url).await;
    says(&provider, &request, &json!({}));
    let good = back(&[("code", "c"), ("state", request.get("state").unwrap()), ("iss", PROVIDER)]);
    assert_eq!(hers.get(&good).await.status, StatusCode::SEE_OTHER);
    hers.get(&good).await.assert_local_error(400);
    assert_eq!(asked(), 1);
}

/// RFC 9700 §4.4.2: each provider has a path of its own, so that one cannot pass on what was meant for another.
#[tokio::test]
async fn p15_an_answer_at_the_path_of_another_provider_or_of_none_logs_nobody_in() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    let url = authorize_url(&app.public_client().await, &[]);
    for path in ["", "/other", "/Company", "/compan", "/company%2f", "/%63ompanx"] {
        let mut browser = Browser::new(&app);
        let request = leave(&mut browser, &url).await;
        says(&provider, &request, &json!({}));
        let answer = [("code", "c"), ("state", request.get("state").unwrap())];
        let query = Serializer::new(String::new()).extend_pairs(answer).finish();
        browser.get(&format!("/authorize/login{path}?{query}")).await.assert_local_error(400);
        // Whoever brought it there knows it now, so it is used up.
        browser.get(&back(&answer)).await.assert_local_error(400);
    }
    let asked = provider.asked.lock().unwrap();
    assert!(!asked.iter().any(|request| request.url.path() == "/token"), "no code went anywhere");
}

#[tokio::test]
async fn a_provider_that_says_it_always_names_itself_has_to() {
    for (iss, status) in [(None, StatusCode::FORBIDDEN), (Some(PROVIDER), StatusCode::SEE_OTHER)] {
        let provider = Provider::new();
        provider.metadata.lock().unwrap()["authorization_response_iss_parameter_supported"] = json!(true);
        let app = app(&provider, |_| ());
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let request = leave(&mut browser, &authorize_url(&client, &[])).await;
        says(&provider, &request, &json!({}));
        let mut parameters = vec![("code", "c"), ("state", request.get("state").unwrap())];
        parameters.extend(iss.map(|iss| ("iss", iss)));
        assert_eq!(browser.get(&back(&parameters)).await.status, status, "{iss:?}");
    }
}

#[tokio::test]
async fn p16_a_provider_that_is_down_or_answers_nonsense_is_said_on_a_page() {
    let huge = || Ok((200, vec![b' '; 1024 * 1024]));
    for reply in [
        Err(FetchError::Timeout),
        text(500, "{}"),
        text(503, ""),
        text(302, ""),
        text(401, r#"{"error":"invalid_client"}"#),
        text(200, "<html>"),
        text(200, "{}"),
        text(200, r#"{"id_token":5}"#),
        huge(),
    ] {
        let provider = Provider::new();
        provider.reply("/token", reply);
        let app = app(&provider, |_| ());
        assert_eq!(ends(&app, &provider, &json!({})).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ends(&app, &provider, &json!({})).await, StatusCode::SEE_OTHER, "the next login does");
    }
    // A code that the provider refuses is not a fault of the provider.
    let provider = Provider::new();
    provider.reply("/token", text(400, r#"{"error":"invalid_grant"}"#));
    assert_eq!(ends(&app(&provider, |_| ()), &provider, &json!({})).await, StatusCode::FORBIDDEN);
    // Its keys.
    for reply in
        [Err(FetchError::Timeout), text(500, ""), text(200, "<html>"), text(200, r#"{"keys":[]}"#), huge()]
    {
        let provider = Provider::new();
        provider.reply("/jwks", reply);
        let app = app(&provider, |_| ());
        assert_eq!(ends(&app, &provider, &json!({})).await, StatusCode::SERVICE_UNAVAILABLE);
    }
    // Its metadata: nobody is sent anywhere.
    let evil = json!({ "issuer": "https://login.evil", "authorization_endpoint": "https://login.evil/a" });
    for reply in
        [Err(FetchError::Timeout), text(500, ""), text(404, ""), text(200, "<html>"), huge(), ok(&evil)]
    {
        let provider = Provider::new();
        provider.reply("/.well-known/openid-configuration", reply);
        let app = app(&provider, |_| ());
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let page = browser.get(&authorize_url(&client, &[])).await;
        let answer = press(&mut browser, &page).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
        assert!(answer.body.contains("Logging in is not possible now"), "{}", answer.body);
    }
    for (member, value) in [
        ("authorization_endpoint", json!("http://login.example/authorize")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("token_endpoint", json!("http://127.0.0.1/token")),
        ("token_endpoint", Value::Null),
        ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"])),
    ] {
        let provider = Provider::new();
        provider.metadata.lock().unwrap()[member] = value;
        let app = app(&provider, |_| ());
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let page = browser.get(&authorize_url(&client, &[])).await;
        assert_eq!(press(&mut browser, &page).await.status, StatusCode::SERVICE_UNAVAILABLE, "{member}");
    }
}

#[tokio::test]
async fn an_error_of_the_provider_leads_back_to_the_page() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    for (error, status) in [
        ("access_denied", StatusCode::FORBIDDEN),
        ("temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let mut browser = Browser::new(&app);
        let request = leave(&mut browser, &url).await;
        let answer = browser.get(&back(&[("error", error), ("state", request.get("state").unwrap())])).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        leave(&mut browser, &url).await;
    }
}

#[tokio::test]
async fn an_old_login_there_or_one_that_is_not_said_does_not_pass_for_a_new_one() {
    for (extra, auth_time, status) in [
        (("prompt", "login"), json!(START), StatusCode::SEE_OTHER),
        (("prompt", "login"), json!(START - 600), StatusCode::FORBIDDEN),
        (("prompt", "login"), Value::Null, StatusCode::FORBIDDEN),
        (("max_age", "300"), json!(START - 200), StatusCode::SEE_OTHER),
        (("max_age", "300"), json!(START - 400), StatusCode::FORBIDDEN),
        (("max_age", "300"), Value::Null, StatusCode::FORBIDDEN),
    ] {
        let provider = Provider::new();
        let app = app(&provider, |_| ());
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let request = leave(&mut browser, &authorize_url(&client, &[extra])).await;
        assert_eq!(request.get("prompt").is_some(), extra.0 == "prompt");
        says(&provider, &request, &json!({ "auth_time": auth_time }));
        let answer = browser.get(&back(&[("code", "c"), ("state", request.get("state").unwrap())])).await;
        assert_eq!(answer.status, status, "{extra:?} {auth_time}");
    }
}

#[test]
fn a_provider_in_the_clear_or_without_openid_is_not_built() {
    let build = |change: &dyn Fn(&mut UpstreamOptions)| {
        let mut options = options();
        change(&mut options);
        let fetch: Arc<dyn Fetch> = Provider::new();
        UpstreamLogin::new(options, fetch, MovedClock::at(START).ambient()).map(drop)
    };
    assert!(build(&|_| ()).is_ok());
    let at = |options: &mut UpstreamOptions, issuer: &str| {
        options.provider = UpstreamProvider::OpenId { issuer: issuer.parse().unwrap(), tenants: None };
    };
    assert!(build(&|options| at(options, "http://localhost:9")).is_ok());
    let refused = build(&|options| at(options, "http://login.example"));
    assert!(matches!(refused, Err(InvalidUpstream::NotEncrypted(_))));
    let refused = build(&|options| options.scopes = ScopeSet::parse_lossy("profile"));
    assert!(matches!(refused, Err(InvalidUpstream::NoOpenid)));
    assert!(matches!(build(&|options| options.client_id = String::new()), Err(InvalidUpstream::Rules(_))));
    for name in ["", "a/b", "..", "a b"] {
        let refused = build(&|options| options.name = name.to_owned());
        assert!(matches!(refused, Err(InvalidUpstream::Name(_))), "{name}");
    }
    for claim in ["sub", "scope", "urn:mcp-auth:roles", "may_act"] {
        let refused = build(&|options| options.claims = vec![vec![claim.to_owned(), "x".to_owned()]]);
        assert!(matches!(refused, Err(InvalidUpstream::ReservedClaim(_))), "{claim}");
    }
    assert!(build(&|options| options.claims = vec![vec!["x".to_owned(), "sub".to_owned()]]).is_ok());
}

/// Each return costs the provider a request of ours, with a code that anybody can make up.
#[tokio::test]
async fn p30_who_comes_back_too_often_from_one_address_makes_us_ask_the_provider_no_more() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    let mut waiting = Vec::new();
    for n in 0..80 {
        let mut browser = Browser::from(&app, &format!("192.0.2.{n}"));
        let request = leave(&mut browser, "/account").await;
        waiting.push((browser, request));
    }
    let asked =
        || provider.asked.lock().unwrap().iter().filter(|request| request.url.path() == "/token").count();
    for (n, (browser, request)) in waiting.iter_mut().enumerate() {
        provider.reply("/token", text(400, r#"{"error":"invalid_grant"}"#));
        browser.address = "198.51.100.1".parse().ok();
        let answer =
            browser.get(&back(&[("code", "made up"), ("state", request.get("state").unwrap())])).await;
        let refused = if n < 60 { StatusCode::FORBIDDEN } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(answer.status, refused, "{n}: {}", answer.body);
    }
    assert_eq!(asked(), 60);
}

#[tokio::test]
async fn the_longest_hints_of_an_authorization_request_reach_the_provider() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    let client = app.public_client().await;
    let (hint, acr, locales) = ("x".repeat(256), "x".repeat(512), "x".repeat(256));
    let hints = [("login_hint", &*hint), ("acr_values", &*acr), ("ui_locales", &*locales)];
    let request = leave(&mut Browser::new(&app), &authorize_url(&client, &hints)).await;
    for (name, value) in hints {
        assert_eq!(request.get(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn an_id_token_by_less_than_was_asked_for_ends_the_request_and_a_weak_session_is_not_used() {
    let provider = Provider::new();
    let graded = |options: &mut UpstreamOptions| {
        options.acr_values = ["gold", "silver"].map(|acr| acr.parse().unwrap()).into();
    };
    let app = app(&provider, graded);
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["acr_values_supported"], json!(["gold", "silver"]));
    let client = app.public_client().await;
    let comes_back = async |browser: &mut Browser, url: &str, acr: &Value| {
        let request = leave(browser, url).await;
        says(&provider, &request, &json!({ "acr": acr }));
        let back = browser.get(&back(&[("code", "c"), ("state", request.get("state").unwrap())])).await;
        (request.get("acr_values").map(str::to_owned), settled(browser, back).await)
    };
    // A client that somebody allowed before: errors of one that nobody did are shown on a page.
    let mut first = Browser::new(&app);
    let (_, consent) = comes_back(&mut first, &authorize_url(&client, &[]), &json!("gold")).await;
    first.submit(&consent, "allow").await.param("code").expect("a code");
    for (asked, said, token) in [
        ("gold", json!("gold"), Some("gold")),
        ("gold silver", json!("silver"), Some("silver")),
        ("silver", json!("gold"), Some("silver")),
        ("other", json!("bronze"), Some("bronze")),
        ("gold", json!("silver"), None),
        ("gold", json!("other"), None),
        ("gold", json!(["gold"]), None),
        ("gold", Value::Null, None),
        ("silver", json!("Silver"), None),
    ] {
        let mut browser = Browser::new(&app);
        // A session of before, which is too weak for all that is asked for here.
        comes_back(&mut browser, &authorize_url(&client, &[]), &json!("0")).await;
        let url = match asked {
            "other" => authorize_url(&client, &[("acr_values", asked), ("prompt", "login")]),
            _ => authorize_url(&client, &[("acr_values", asked)]),
        };
        let (passed_on, page) = comes_back(&mut browser, &url, &said).await;
        assert_eq!(passed_on.as_deref(), Some(asked));
        let Some(token) = token else {
            page.assert_redirect_error("unmet_authentication_requirements");
            continue;
        };
        // She was logged in at this browser, and is the one who came back: nothing more is asked.
        let code = page.param("code").expect("a code");
        let tokens = app.token(&redeem(&client, &code)).await.json();
        assert_eq!(app.claims(tokens["access_token"].as_str().unwrap())["acr"], token, "{asked} {said}");
    }
}

/// The page asked for a new login again and again: it took the login for one that was not for this request, because it was long ago there.
#[tokio::test]
async fn a_weak_login_of_long_ago_or_without_a_time_ends_the_request_and_the_login_page_does_not_come_again()
{
    let provider = Provider::new();
    let app = app(&provider, |options| {
        options.acr_values = ["gold", "silver"].map(|acr| acr.parse().unwrap()).into();
    });
    let client = app.public_client().await;
    let comes_back = async |browser: &mut Browser, url: &str, claims: &Value| {
        let request = leave(browser, url).await;
        says(&provider, &request, claims);
        let back = browser.get(&back(&[("code", "c"), ("state", request.get("state").unwrap())])).await;
        settled(browser, back).await
    };
    let mut first = Browser::new(&app);
    let consent = comes_back(&mut first, &authorize_url(&client, &[]), &json!({})).await;
    first.submit(&consent, "allow").await.param("code").expect("a code");
    let url = authorize_url(&client, &[("acr_values", "gold")]);
    for auth_time in [json!(START), json!(START - 2 * 3600), json!(0), Value::Null] {
        let mut browser = Browser::new(&app);
        let weak = json!({ "acr": "silver", "auth_time": auth_time });
        let page = comes_back(&mut browser, &url, &weak).await;
        page.assert_redirect_error("unmet_authentication_requirements");
        // The allow twin.
        let strong = json!({ "acr": "gold", "auth_time": auth_time });
        let page = comes_back(&mut Browser::new(&app), &url, &strong).await;
        assert!(asks_the_person(&page), "{auth_time}: {}", page.body);
    }
}

#[tokio::test]
async fn a_login_there_that_was_young_enough_when_it_came_back_stays_so_while_its_pages_are_open() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[("max_age", "3600")]);
    let request = leave(&mut browser, &url).await;
    says(&provider, &request, &json!({ "auth_time": START - 3595 }));
    let back = browser.get(&back(&[("code", "c"), ("state", request.get("state").unwrap())])).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    app.advance(60);
    let consent = browser.get(back.header("location")).await;
    assert!(asks_the_person(&consent), "{}", consent.body);
    browser.submit(&consent, "allow").await.param("code").expect("a code");
    // Of another request it is older than that one takes.
    let other = browser.get(&authorize_url(&client, &[("max_age", "3600"), ("state", "2")])).await;
    assert!(asks_first(&other), "{}", other.body);
}

/// A program that looked at the link used up the login, and the person then read that they are not logged in.
#[tokio::test]
async fn who_only_looks_at_the_way_back_uses_up_no_login_and_no_code() {
    let provider = Provider::new();
    let app = app(&provider, |_| ());
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[]);
    let request = leave(&mut browser, &url).await;
    says(&provider, &request, &json!({}));
    let link = back(&[("code", "c"), ("state", request.get("state").unwrap())]);
    let cookies = browser.cookies.header().unwrap();
    for (method, purpose) in [
        ("HEAD", None),
        ("GET", Some("prefetch")),
        ("GET", Some("prefetch;prerender")),
        ("HEAD", Some("prefetch")),
    ] {
        let looks = http::Request::builder().method(method).uri(&link).header("host", "localhost:8080");
        let looks = looks.header("cookie", &cookies).header("sec-fetch-mode", "navigate");
        let looks = purpose.into_iter().fold(looks, |looks, purpose| looks.header("sec-purpose", purpose));
        let answer = app.send(looks.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {purpose:?}");
        assert!(!answer.headers.contains_key("set-cookie"), "{method} {purpose:?}");
    }
    assert!(provider.asked.lock().unwrap().iter().all(|asked| asked.url.path() != "/token"));
    let opened = browser.get(&link).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.body);
}
