//! A running issuer with a test clock, a browser that keeps cookies and submits forms, and a public client.

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::digest;
use axum::Router;
use axum::body::Body;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use jsonwebtoken::{DecodingKey, Validation};
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::{Hierarchy, Scope, ScopeSet};
use mcp_auth_issuer::{
    AccountsLogin, AccountsOptions, DeniedIssued, DevelopmentLogin, HttpFetch, IssuerError, IssuerOptions,
    IssuerReach, LocalIssuer, LocalIssuerSetup, Login, LoginOptions, NamedClient,
};
use mcp_auth_runtime::facade::{ClientAddress, OwnKeys, UpstreamTokens};
use mcp_auth_store::{KnownRevocations, Store};
use mcp_auth_tests::clock::MovedClock;
use mcp_auth_tests::person::{self, Cookies};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::fresh::fresh_store;
use crate::witness::{Secrets, listen};

pub(crate) const ISSUER: &str = "http://localhost:8080";
pub(crate) const RESOURCE: &str = "http://localhost:8080/mcp";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:33418/callback";
pub(crate) const VERIFIER: &str = "a-verifier-of-enough-characters-0123456789._~";
pub(crate) const START: u64 = 1_800_000_000;

/// What the claims of an access token say that its issuer knew to be revoked.
pub(crate) fn known_revocations(claims: &Value) -> KnownRevocations {
    let known = claims.get("known_revocations").cloned();
    known.map(|known| serde_json::from_value(known).unwrap()).unwrap_or_default()
}

#[derive(Clone)]
pub(crate) struct App {
    router: Router,
    keys: Arc<dyn OwnKeys>,
    clock: MovedClock,
    secrets: Arc<Secrets>,
    /// What tools reach of providers.
    pub(crate) upstreams: Arc<dyn UpstreamTokens>,
}

impl App {
    pub(crate) fn new() -> Self {
        Self::with(|_| (), |_| ())
    }

    pub(crate) fn with(
        setup: impl FnOnce(&mut LocalIssuerSetup),
        options: impl FnOnce(&mut IssuerOptions),
    ) -> Self {
        Self::on(fresh_store(), setup, options)
    }

    /// An issuer that uses `store`.
    pub(crate) fn on(
        store: Store,
        setup: impl FnOnce(&mut LocalIssuerSetup),
        options: impl FnOnce(&mut IssuerOptions),
    ) -> Self {
        let login = |users: &[String]| DevelopmentLogin::new(users.to_vec());
        Self::built(store, setup, options, login)
    }

    /// An issuer at which these people log in, whatever its options say.
    pub(crate) fn for_people(people: &[&str], options: impl FnOnce(&mut IssuerOptions)) -> Self {
        let people = people.iter().map(|person| (*person).to_owned()).collect();
        Self::built(fresh_store(), |_| (), options, |_| DevelopmentLogin::new(people))
    }

    /// An issuer with another login, on `store`.
    pub(crate) fn by_login(store: Store, login: impl Login) -> Self {
        Self::built(store, |_| (), |_| (), |_| login)
    }

    /// An issuer with this login.
    pub(crate) fn with_login(login: impl Login, options: impl FnOnce(&mut IssuerOptions)) -> Self {
        Self::on_with_login(fresh_store(), login, options)
    }

    /// The same, on `store`.
    pub(crate) fn on_with_login(
        store: Store,
        login: impl Login,
        options: impl FnOnce(&mut IssuerOptions),
    ) -> Self {
        Self::built(store, |_| (), options, |_| login)
    }

    /// The same, at this clock, which may be that of the login too.
    pub(crate) fn at_clock(
        clock: &MovedClock,
        store: Store,
        login: impl Login,
        options: impl FnOnce(&mut IssuerOptions),
    ) -> Self {
        Self::built_by(
            store,
            clock.clone(),
            |_| (),
            options,
            |setup, options| mcp_auth_issuer::build_with(setup, options, Arc::new(login)).unwrap(),
        )
    }

    fn built<L: Login>(
        store: Store,
        setup: impl FnOnce(&mut LocalIssuerSetup),
        options: impl FnOnce(&mut IssuerOptions),
        login: impl FnOnce(&[String]) -> L,
    ) -> Self {
        Self::built_by(store, MovedClock::at(START), setup, options, |setup, options| {
            let login = Arc::new(login(&options.users));
            mcp_auth_issuer::build_with(setup, options, login).unwrap()
        })
    }

    /// An issuer at which people log in with the accounts of `store`, and what an operator does with them.
    pub(crate) fn with_accounts(store: &Store, accounts: AccountsOptions) -> (Self, AccountsLogin) {
        Self::with_accounts_and(store, accounts, |_| ())
    }

    /// The same, with more options.
    pub(crate) fn with_accounts_and(
        store: &Store,
        accounts: AccountsOptions,
        more: impl FnOnce(&mut IssuerOptions),
    ) -> (Self, AccountsLogin) {
        let clock = MovedClock::at(START);
        let operator = AccountsLogin::new(store.clone(), clock.ambient(), &accounts, "");
        let with_accounts = |options: &mut IssuerOptions| {
            options.login = LoginOptions::Accounts(accounts);
            options.claims =
                [("ann".to_owned(), [("team".to_owned(), json!("a"))].into_iter().collect())].into();
            more(options);
        };
        let app = Self::built_by(
            store.clone(),
            clock,
            |_| (),
            with_accounts,
            |setup, options| mcp_auth_issuer::build(setup, options).unwrap(),
        );
        (app, operator)
    }

    fn built_by(
        store: Store,
        clock: MovedClock,
        setup: impl FnOnce(&mut LocalIssuerSetup),
        options: impl FnOnce(&mut IssuerOptions),
        build: impl FnOnce(LocalIssuerSetup, IssuerOptions) -> LocalIssuer,
    ) -> Self {
        let (the_setup, the_options) = Self::prepared(store, &clock, setup, options);
        let LocalIssuer { router, keys, upstreams, .. } = build(the_setup, the_options);
        Self { router, keys, clock, secrets: Arc::default(), upstreams: upstreams.unwrap() }
    }

    /// What an issuer on `store` is built of.
    fn prepared(
        store: Store,
        clock: &MovedClock,
        setup: impl FnOnce(&mut LocalIssuerSetup),
        options: impl FnOnce(&mut IssuerOptions),
    ) -> (LocalIssuerSetup, IssuerOptions) {
        listen();
        let mut the_setup = LocalIssuerSetup {
            issuer: ISSUER.parse().unwrap(),
            reach: IssuerReach::ThisComputer,
            resource: RESOURCE.parse().unwrap(),
            server_name: "todos".into(),
            brand: mcp_auth_issuer::Brand::named("todos"),
            scopes: [
                ("todos.read".into(), Some("Read your <todos>".into())),
                ("todos.write".into(), Some("Add & change your todos".into())),
                ("admin".into(), None),
            ]
            .into(),
            families: vec![("files:{}:read".parse().unwrap(), Some("Read the files in".into()))],
            hierarchy: Hierarchy::new([
                (Scope::new("admin").unwrap(), vec![Scope::new("todos.write").unwrap()]),
                (Scope::new("todos.write").unwrap(), vec![Scope::new("todos.read").unwrap()]),
            ])
            .unwrap(),
            default_scopes: ScopeSet::parse_lossy("todos.read"),
            ambient: clock.ambient(),
            store,
            fetch: Arc::new(HttpFetch::new().unwrap()),
            denied: DeniedIssued::nothing(),
        };
        setup(&mut the_setup);
        let mut the_options = IssuerOptions::ephemeral();
        the_options.clients.push(NamedClient::machine(
            "nightly job",
            "s3cret: with %+ in it",
            ScopeSet::parse_lossy("todos.read todos.write"),
        ));
        options(&mut the_options);
        (the_setup, the_options)
    }

    /// An issuer that starts on `store` as that of a server does, at this time.
    pub(crate) async fn started(
        store: &Store,
        at: u64,
        options: impl FnOnce(&mut IssuerOptions),
    ) -> Result<Self, IssuerError> {
        let clock = MovedClock::at(at);
        let (setup, options) = Self::prepared(store.clone(), &clock, |_| (), options);
        let LocalIssuer { router, keys, upstreams, .. } = mcp_auth_issuer::start(setup, options).await?;
        Ok(Self { router, keys, clock, secrets: Arc::default(), upstreams: upstreams.unwrap() })
    }

    /// The clock of this issuer, for a server beside it.
    pub(crate) fn ambient(&self) -> Ambient {
        self.clock.ambient()
    }

    /// The keys that it publishes.
    pub(crate) fn jwks(&self) -> Value {
        self.keys.known().jwks.clone()
    }

    /// The time at its clock, in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.ambient().clock.unix_now()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        self.secrets.sent(&parts.uri.to_string(), &parts.headers, &String::from_utf8_lossy(&body));
        let request = Request::from_parts(parts, Body::from(body));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        self.secrets.given(&parts.headers, &body);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// This may stand in the log, though it was sent as if it were a secret.
    pub(crate) fn is_public(&self, text: &str) {
        self.secrets.public(text);
    }

    /// This may not stand in the log, though no request or answer here holds it.
    pub(crate) fn is_secret(&self, text: &str) {
        self.secrets.secret(text);
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn register(&self, metadata: &Value) -> Answer {
        let request = Request::post("/register").header("content-type", "application/json");
        self.send(request.body(Body::from(metadata.to_string())).unwrap()).await
    }

    /// Registers a typical public client.
    pub(crate) async fn public_client(&self) -> String {
        let answer = self.register(&metadata(&[REDIRECT], "none")).await;
        answer.json()["client_id"].as_str().unwrap().to_owned()
    }

    /// Registers a public client that says something else about itself: those that say the same are one.
    pub(crate) async fn another_client(&self) -> String {
        let mut metadata = metadata(&[REDIRECT], "none");
        metadata["client_name"] = json!("Another client");
        self.register(&metadata).await.json()["client_id"].as_str().unwrap().to_owned()
    }

    /// The same, which a person has allowed something before.
    pub(crate) async fn allowed_client(&self) -> String {
        let client = self.another_client().await;
        self.code(&client, &[]).await;
        client
    }

    pub(crate) async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(form_request(path, form).body(Body::from(encode(form))).unwrap()).await
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.post_form("/token", form).await
    }

    /// The claims of an access token, after its signature, `iss` and `aud` are verified.
    pub(crate) fn claims(&self, token: &str) -> Value {
        let header = jsonwebtoken::decode_header(token).unwrap();
        let jwks = self.keys.known().jwks.clone();
        let mut keys = jwks["keys"].as_array().unwrap().iter();
        let jwk =
            keys.find(|jwk| jwk["kid"] == header.kid.as_deref().unwrap()).expect("a published key").clone();
        assert_eq!(jwk["alg"], serde_json::to_value(header.alg).unwrap());
        let jwk = serde_json::from_value(jwk).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[RESOURCE]);
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(&jwk).unwrap();
        jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
    }

    /// Logs in, allows, and returns the code.
    pub(crate) async fn code(&self, client_id: &str, extra: &[(&str, &str)]) -> String {
        let mut browser = Browser::new(self);
        let consent = browser.log_in(&authorize_url(client_id, extra)).await;
        browser.submit(&consent, "allow").await.param("code").expect("a code")
    }

    /// Logs in, allows, redeems the code, and returns the whole token response.
    pub(crate) async fn tokens(&self, client_id: &str, extra: &[(&str, &str)]) -> Value {
        let code = self.code(client_id, extra).await;
        let answer = self.token(&redeem(client_id, &code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }
}

/// The form of a correct token request for a code.
pub(crate) fn redeem<'a>(client_id: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", REDIRECT),
        ("resource", RESOURCE),
    ]
}

/// `form` with `change` instead of the parameter of that name; an empty value removes it.
pub(crate) fn changed<'a>(
    form: &[(&'a str, &'a str)],
    change: (&'a str, &'a str),
) -> Vec<(&'a str, &'a str)> {
    let mut form: Vec<_> = form.iter().copied().filter(|(name, _)| *name != change.0).collect();
    if !change.1.is_empty() {
        form.push(change);
    }
    form
}

pub(crate) fn metadata(redirect_uris: &[&str], auth_method: &str) -> Value {
    json!({
        "client_name": "Test client", "redirect_uris": redirect_uris, "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": auth_method,
        "application_type": "native", "scope": "todos.read offline_access",
    })
}

pub(crate) fn challenge() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()))
}

/// The parameters of a valid authorization request; `extra` replaces or adds some.
pub(crate) fn authorize_params(client_id: &str, extra: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = challenge();
    let mut params = vec![
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", REDIRECT),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("state", "the state"),
        ("resource", RESOURCE),
        ("scope", "todos.read"),
    ];
    for change in extra {
        params = changed(&params, *change);
    }
    params.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(crate) fn authorize_url(client_id: &str, extra: &[(&str, &str)]) -> String {
    format!(
        "/authorize?{}",
        Serializer::new(String::new()).extend_pairs(authorize_params(client_id, extra)).finish()
    )
}

pub(crate) fn encode(form: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(form).finish()
}

fn form_request(path: &str, _: &[(&str, &str)]) -> http::request::Builder {
    Request::post(path).header("content-type", "application/x-www-form-urlencoded")
}

/// A response with its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub(crate) fn location(&self) -> Url {
        Url::parse(ISSUER).unwrap().join(self.header("location")).unwrap()
    }

    /// The value of a parameter in the query of the redirect.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        self.location().query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Checks a JSON error by the rules that all of them share.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.json()["error"], code, "{}", self.body);
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.headers.contains_key("www-authenticate"), status == 401);
        let description = self.json()["error_description"].as_str().unwrap().to_owned();
        assert!(
            description.bytes().all(|b| matches!(b, 0x20..=0x7e) && b != b'"' && b != b'\\'),
            "{description}"
        );
    }

    /// Checks an error that is told to the client by redirect, with `state` and one `iss`.
    #[track_caller]
    pub(crate) fn assert_redirect_error(&self, code: &str) {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        assert!(self.header("location").starts_with(REDIRECT), "{}", self.header("location"));
        assert_eq!(self.param("error").as_deref(), Some(code), "{}", self.header("location"));
        assert_eq!(self.param("code"), None);
        let issuers: Vec<_> = self
            .location()
            .query_pairs()
            .filter(|(key, _)| key == "iss")
            .map(|(_, v)| v.into_owned())
            .collect();
        assert_eq!(issuers, [ISSUER]);
    }

    /// Checks a mistake that is told to the person: a page, no redirect.
    #[track_caller]
    pub(crate) fn assert_local_error(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert!(!self.headers.contains_key("location"));
        assert!(self.header("content-type").starts_with("text/html"));
        assert!(self.body.contains("Nothing was allowed by this page."), "{}", self.body);
    }
}

/// A browser without JavaScript: keeps cookies and submits forms.
#[derive(Clone)]
pub(crate) struct Browser {
    app: App,
    pub(crate) cookies: Cookies,
    /// The `Origin` header that is sent with every POST.
    pub(crate) origin: Option<String>,
    /// Where its requests come from, as the runtime tells the issuer.
    pub(crate) address: Option<IpAddr>,
    /// The languages that it asks for.
    pub(crate) language: Option<String>,
}

impl Browser {
    pub(crate) fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            cookies: Cookies::default(),
            origin: Some(ISSUER.to_owned()),
            address: None,
            language: None,
        }
    }

    /// A browser whose requests come from `address`.
    pub(crate) fn from(app: &App, address: &str) -> Self {
        Self { address: Some(address.parse().unwrap()), ..Self::new(app) }
    }

    /// The same browser, in front of another process: a balancer sends it there.
    pub(crate) fn at(&self, app: &App) -> Self {
        Self { app: app.clone(), ..self.clone() }
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Answer {
        let cookies = self.cookies.header().unwrap_or_default();
        let request = request.header("host", "localhost:8080").header("cookie", cookies);
        let request = request.extension(ClientAddress(self.address));
        let request = match &self.language {
            Some(language) => request.header("accept-language", language),
            None => request,
        };
        let answer = self.app.send(request.body(Body::from(body)).unwrap()).await;
        self.cookies.keep(&answer.headers);
        answer
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.send(Request::get(url), String::new()).await
    }

    pub(crate) async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Answer {
        let mut request = form_request(url, form);
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        self.send(request, encode(form)).await
    }

    /// Presses a button of a page's form, with its boxes as they are.
    pub(crate) async fn submit(&mut self, page: &Answer, decision: &str) -> Answer {
        let ticked = person::ticked(&page.body);
        let ticked: Vec<_> = ticked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.submit_with(page, decision, &ticked).await
    }

    /// The same, with these boxes ticked.
    pub(crate) async fn submit_with(
        &mut self,
        page: &Answer,
        decision: &str,
        ticked: &[(&str, &str)],
    ) -> Answer {
        let (action, csrf) = (form_action(page), csrf(page));
        let form = [&[("csrf", &*csrf), ("decision", decision)], ticked].concat();
        self.post(&action, &form).await
    }

    /// Answers the form of a login page with these fields.
    pub(crate) async fn answer_login(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let (csrf, login) = (csrf(page), hidden(page, "login"));
        let mut form = vec![("csrf", &*csrf), ("decision", "login")];
        form.extend(login.as_deref().map(|login| ("login", login)));
        form.extend(fields);
        self.post(&form_action(page), &form).await
    }

    /// Opens `url`, logs in, and returns the consent page.
    pub(crate) async fn log_in(&mut self, url: &str) -> Answer {
        let login = self.get(url).await;
        assert_eq!(login.status, StatusCode::OK, "{}", login.body);
        let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "developer")];
        let back = self.post(&form_action(&login), &form).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
        let consent = self.get(back.header("location")).await;
        assert!(consent.body.contains("value=\"allow\""), "{}", consent.body);
        consent
    }
}

pub(crate) fn form_action(page: &Answer) -> String {
    person::form_action(&page.body)
}

/// The value of a hidden field, if the page has it.
pub(crate) fn hidden(page: &Answer, name: &str) -> Option<String> {
    let after = page.body.split_once(&format!("type=\"hidden\" name=\"{name}\" value=\""))?.1;
    Some(after.split_once('"')?.0.to_owned())
}

pub(crate) fn csrf(page: &Answer) -> String {
    person::csrf(&page.body)
}
