//! The presets, each as a configuration and against a stand-in that answers as that provider does: who is let in, who is not, and what their tokens
//! say.

use std::sync::Arc;

use http::StatusCode;
use mcp_auth_issuer::upstream::{UpstreamLogin, UpstreamOptions};
use mcp_auth_issuer::{Fetch, IssuerOptions, LoginOptions, Params, Store};
use mcp_auth_runtime::config::{Config, ProcessContext};
use mcp_auth_tests::clock::MovedClock;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::fresh::fresh_store;
use crate::harness::*;
use crate::upstream::{Provider, press};

pub(crate) const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const OTHER: &str = "22222222-2222-3333-4444-555555555555";
const OBJECT: &str = "66666666-7777-8888-9999-000000000000";

/// The options of `[upstreams.idp]` with these lines.
pub(crate) fn options(lines: &str) -> UpstreamOptions {
    let text = format!(
        "[issuer]\nlogin = \"idp\"\n[upstreams.idp]\nclient_id = \"us\"\nclient_secret = \"env:SECRET\"\n{lines}"
    );
    let process = ProcessContext::empty().variable("SECRET", "s3cret");
    let config = Config::builder().process(process).toml(&text).build().unwrap();
    let options = IssuerOptions::configured(&config, config.built_in_issuer().unwrap()).unwrap();
    let LoginOptions::Upstream(options) = options.login else { panic!("{lines}") };
    *options
}

/// An issuer at which people log in so, on `store`.
pub(crate) fn app_on(store: Store, lines: &str, fetch: Arc<dyn Fetch>) -> App {
    let login = UpstreamLogin::new(options(lines), fetch, MovedClock::at(START).ambient()).unwrap();
    App::by_login(store, login)
}

pub(crate) fn app(lines: &str, fetch: Arc<dyn Fetch>) -> App {
    app_on(fresh_store(), lines, fetch)
}

/// Presses the button of the login page; the authorization request at the provider, whose endpoint is `at`.
pub(crate) async fn leave(browser: &mut Browser, url: &str, (title, at): (&str, &str)) -> Params {
    let page = browser.get(url).await;
    assert!(page.body.contains(&format!("log in at <bdi>{title}</bdi></button>")), "{}", page.body);
    let away = press(browser, &page).await;
    assert_eq!(away.status, StatusCode::SEE_OTHER, "{}", away.body);
    let to = away.location();
    assert!(to.as_str().starts_with(&format!("{at}?")), "{to}");
    let request = Params::parse(to.query().unwrap()).unwrap();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "us"),
        ("redirect_uri", "http://localhost:8080/authorize/login/idp"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(request.get(name), Some(value), "{name}");
    }
    request
}

/// The URL that the provider sends the person back to.
pub(crate) fn back(request: &Params) -> String {
    let answer = [("code", "c"), ("state", request.get("state").unwrap())];
    format!("/authorize/login/idp?{}", Serializer::new(String::new()).extend_pairs(answer).finish())
}

/// A provider of OpenID Connect as a preset knows it.
pub(crate) struct StandIn {
    pub(crate) provider: Arc<Provider>,
    /// What pages call it, and where people log in.
    seen: (&'static str, String),
    /// What its ID tokens say of Ann.
    claims: Value,
}

impl StandIn {
    fn new(title: &'static str, issuer: &str, endpoints: [&str; 3], claims: Value) -> Self {
        let [authorization, token, jwks] = endpoints;
        let metadata = json!({
            "issuer": issuer, "authorization_endpoint": authorization, "token_endpoint": token, "jwks_uri": jwks,
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        });
        let provider = Provider::like(issuer, metadata, &json!({}));
        provider.refreshes(|refreshes| refreshes.gives = true);
        let mut said = json!({ "iss": issuer });
        said.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        Self { provider, seen: (title, authorization.to_owned()), claims: said }
    }

    /// It says no `auth_time`, and `hd` of accounts that an organization runs.
    pub(crate) fn google() -> Self {
        let endpoints = [
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "https://www.googleapis.com/oauth2/v3/certs",
        ];
        let claims = json!({
            "azp": "us", "sub": "110169484474386276334", "hd": "example.com", "email": "ann@example.com",
            "email_verified": true, "name": "Ann Lee",
        });
        Self::new("Google", "https://accounts.google.com", endpoints, claims)
    }

    /// Its endpoints are on the login domain of the pool, and its metadata says nothing of S256.
    pub(crate) fn cognito() -> Self {
        let endpoints = [
            "https://todos.auth.eu-central-1.amazoncognito.com/oauth2/authorize",
            "https://todos.auth.eu-central-1.amazoncognito.com/oauth2/token",
            "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A/.well-known/jwks.json",
        ];
        let claims = json!({
            "sub": "4d5e6f", "token_use": "id", "auth_time": START - 5, "cognito:username": "ann",
            "cognito:groups": ["staff", "admins"], "email": "ann@example.com", "email_verified": "true",
        });
        let issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A";
        Self::new("Amazon Cognito", issuer, endpoints, claims)
    }

    pub(crate) fn okta() -> Self {
        let endpoints = [
            "https://example.okta.com/oauth2/v1/authorize",
            "https://example.okta.com/oauth2/v1/token",
            "https://example.okta.com/oauth2/v1/keys",
        ];
        let claims = json!({
            "sub": "00uid4BxXw6I6TV4m0g3", "ver": 1, "idp": "00o1", "amr": ["pwd"], "auth_time": START - 5,
            "email": "ann@example.com", "email_verified": true, "groups": ["Everyone", "staff"], "name": "Ann Lee",
        });
        Self::new("Okta", "https://example.okta.com", endpoints, claims)
    }

    /// What an ID token of Entra ID says of Ann in this tenant.
    fn of_entra(tenant: &str) -> Value {
        json!({
            "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"), "ver": "2.0", "tid": tenant, "oid": OBJECT,
            "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "name": "Ann Lee",
            "preferred_username": "ann@example.com", "email": "ann@example.com", "groups": ["g1"],
        })
    }

    /// The application of one tenant (its id), or of several (`organizations`), whose metadata and keys name no tenant.
    pub(crate) fn entra(tenant: &str) -> Self {
        let at = |path: &str| format!("https://login.microsoftonline.com/{tenant}/{path}");
        let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
        let of_several = tenant == "organizations";
        let issuer = at("v2.0");
        let metadata = json!({
            "issuer": if of_several { template } else { &issuer }, "authorization_endpoint": at("oauth2/v2.0/authorize"),
            "token_endpoint": at("oauth2/v2.0/token"), "jwks_uri": at("discovery/v2.0/keys"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        });
        let provider = Provider::like(&issuer, metadata, &json!({ "issuer": template }));
        provider.refreshes(|refreshes| refreshes.gives = true);
        let claims = Self::of_entra(if of_several { TENANT } else { tenant });
        Self { provider, seen: ("Microsoft", at("oauth2/v2.0/authorize")), claims }
    }

    /// Auth0, as any other provider.
    pub(crate) fn plain() -> Self {
        let endpoints = [
            "https://example.eu.auth0.com/authorize",
            "https://example.eu.auth0.com/oauth/token",
            "https://example.eu.auth0.com/.well-known/jwks.json",
        ];
        let claims = json!({
            "sub": "auth0|17", "org_id": "org_1", "email": "ann@example.com", "email_verified": true,
            "realm": { "groups": ["staff"] },
        });
        Self::new("example.eu.auth0.com", "https://example.eu.auth0.com/", endpoints, claims)
    }

    /// What pages call it, and where people log in.
    pub(crate) fn seen(&self) -> (&str, &str) {
        (self.seen.0, &self.seen.1)
    }

    /// The status with which a new browser comes back whose ID token says this otherwise; `null` takes a claim out.
    async fn ends(&self, app: &App, changes: &Value) -> StatusCode {
        let client = app.public_client().await;
        let mut browser = Browser::new(app);
        let url = authorize_url(&client, &[]);
        self.comes_back(&mut browser, &url, changes).await.status
    }

    pub(crate) async fn comes_back(&self, browser: &mut Browser, url: &str, changes: &Value) -> Answer {
        let request = leave(browser, url, (self.seen.0, &self.seen.1)).await;
        self.will_say((START, request.get("nonce")), changes);
        browser.get(&back(&request)).await
    }

    /// Its next ID token says this of Ann, at this time and with this nonce.
    pub(crate) fn will_say(&self, (at, nonce): (u64, Option<&str>), changes: &Value) {
        let mut claims = json!({ "aud": "us", "iat": at, "exp": at + 300, "nonce": nonce });
        let all = claims.as_object_mut().unwrap();
        all.extend(self.claims.as_object().unwrap().clone());
        all.extend(changes.as_object().unwrap().clone());
        all.retain(|_, value| !value.is_null());
        self.provider.will_say(claims);
    }

    /// What an access token of ours says after a login of which the ID token says this otherwise, and its refresh token.
    pub(crate) async fn token(&self, app: &App, changes: &Value) -> (Value, String, String) {
        let client = app.public_client().await;
        let mut browser = Browser::new(app);
        let url = authorize_url(&client, &[]);
        let back = self.comes_back(&mut browser, &url, changes).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
        let consent = browser.get(back.header("location")).await;
        let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
        let tokens = app.token(&redeem(&client, &code)).await.json();
        let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
        (app.claims(tokens["access_token"].as_str().unwrap()), client, refresh)
    }
}

/// Who is let in by these lines, and who is not.
async fn let_in(stand_in: &StandIn, lines: &str, good: &[Value], bad: &[Value]) {
    let app = app(lines, stand_in.provider.clone());
    for changes in good {
        assert_eq!(stand_in.ends(&app, changes).await, StatusCode::SEE_OTHER, "{lines}: {changes}");
    }
    for changes in bad {
        assert_eq!(stand_in.ends(&app, changes).await, StatusCode::FORBIDDEN, "{lines}: {changes}");
    }
}

#[tokio::test]
async fn people_of_a_domain_of_google_are_let_in_and_private_accounts_with_such_an_address_are_not() {
    let google = StandIn::google();
    let lines = "provider = \"google\"\nallow = { domains = [\"example.com\"], subjects = [\"17\"] }";
    let good = [json!({}), json!({ "hd": "EXAMPLE.com" }), json!({ "hd": null, "sub": "17" })];
    let bad = [
        json!({ "hd": null }),
        json!({ "hd": "other.example" }),
        json!({ "hd": "sub.example.com" }),
        json!({ "hd": "", "email_verified": true }),
        json!({ "hd": null, "sub": "18" }),
    ];
    let_in(&google, lines, &good, &bad).await;
    let (form, basic) = google.provider.redeemed();
    assert!(basic.is_some_and(|basic| basic.starts_with("Basic ")) && form.get("client_secret").is_none());
}

#[tokio::test]
async fn people_of_cognito_are_let_in_by_group_or_verified_address() {
    let cognito = StandIn::cognito();
    let issuer = "issuer = \"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A\"";
    let lines = format!("provider = \"cognito\"\n{issuer}\nallow = {{ groups = [\"admins\"] }}");
    let bad =
        [json!({ "cognito:groups": ["staff"] }), json!({ "cognito:groups": null, "groups": ["admins"] })];
    let_in(&cognito, &lines, &[json!({}), json!({ "cognito:groups": ["admins"] })], &bad).await;
    let lines = format!("provider = \"cognito\"\n{issuer}\nallow = {{ domains = [\"example.com\"] }}");
    let bad = [
        json!({ "email_verified": "false" }),
        json!({ "email_verified": null }),
        json!({ "email": "ann@other.example" }),
    ];
    let_in(&cognito, &lines, &[json!({}), json!({ "email_verified": true })], &bad).await;
}

#[tokio::test]
async fn people_of_okta_are_let_in_by_group_or_verified_address() {
    let okta = StandIn::okta();
    let lines = "provider = \"okta\"\nissuer = \"https://example.okta.com\"\nallow = { groups = [\"staff\"], domains = [\"other.example\"] }";
    let good = [json!({}), json!({ "groups": null, "email": "bob@other.example" })];
    let bad = [
        json!({ "groups": null }),
        json!({ "groups": ["Everyone"] }),
        json!({ "groups": ["Everyone"], "email": "bob@other.example", "email_verified": false }),
    ];
    let_in(&okta, lines, &good, &bad).await;
}

#[tokio::test]
async fn people_of_a_tenant_of_entra_are_let_in_and_of_no_other() {
    let entra = StandIn::entra(TENANT);
    let issuer = format!("issuer = \"https://login.microsoftonline.com/{TENANT}/v2.0\"");
    let lines = format!("provider = \"entra\"\n{issuer}\nallow = {{ tenants = [\"{TENANT}\"] }}");
    let elsewhere = StandIn::of_entra(OTHER);
    let bad = [
        elsewhere.clone(),
        json!({ "tid": OTHER }),
        json!({ "iss": elsewhere["iss"] }),
        json!({ "tid": null }),
        json!({ "oid": null }),
        json!({ "oid": "" }),
    ];
    let_in(&entra, &lines, &[json!({}), json!({ "oid": OTHER, "email": null })], &bad).await;
    let lines = format!(
        "provider = \"entra\"\n{issuer}\nallow = {{ groups = [\"g1\"], subjects = [\"{TENANT}/{OTHER}\"] }}"
    );
    let good = [json!({}), json!({ "groups": null, "oid": OTHER })];
    let bad = [json!({ "groups": ["g2"] }), json!({ "groups": null, "_claim_names": { "groups": "src1" } })];
    let_in(&entra, &lines, &good, &bad).await;
}

#[tokio::test]
async fn people_of_listed_tenants_of_entra_are_let_in_and_keep_their_names_when_a_tenant_comes() {
    let entra = StandIn::entra("organizations");
    let issuer = "issuer = \"https://login.microsoftonline.com/organizations/v2.0\"";
    let lines = format!(
        "provider = \"entra\"\n{issuer}\nallow = {{ tenants = [\"{TENANT}\"], subjects = [\"{OTHER}/{OBJECT}\"] }}"
    );
    let elsewhere = StandIn::of_entra(OTHER);
    let mut third = StandIn::of_entra("33333333-2222-3333-4444-555555555555");
    let another = |claim: &str, value: &str| {
        let mut claims = elsewhere.clone();
        claims[claim] = json!(value);
        claims
    };
    let good = [json!({}), elsewhere.clone()];
    let bad = [
        third.clone(),
        another("oid", TENANT),
        // Signed by keys of all tenants, and of the wrong one by its own words.
        another("tid", TENANT),
        another("iss", "https://login.microsoftonline.com/{tenantid}/v2.0"),
        another("iss", "https://login.microsoftonline.com/organizations/v2.0"),
    ];
    let_in(&entra, &lines, &good, &bad).await;
    third["tid"] = json!(TENANT);
    let_in(&entra, &lines, &[], &[third]).await;

    let (several, ..) = entra.token(&app(&lines, entra.provider.clone()), &json!({})).await;
    let one = StandIn::entra(TENANT);
    let lines = format!(
        "provider = \"entra\"\nissuer = \"https://login.microsoftonline.com/{TENANT}/v2.0\"\nallow = \"anyone\""
    );
    let (of_one, ..) = one.token(&app(&lines, one.provider.clone()), &json!({})).await;
    assert_eq!(several["sub"], of_one["sub"]);
}

#[tokio::test]
async fn people_of_a_plain_provider_are_let_in_by_organization_or_by_a_group_deep_in_a_claim() {
    let plain = StandIn::plain();
    let issuer = "issuer = \"https://example.eu.auth0.com/\"";
    let lines = format!("{issuer}\nallow = {{ organizations = [\"org_1\"] }}");
    let bad = [json!({ "org_id": null }), json!({ "org_id": "org_2" }), json!({ "org_id": "ORG_1" })];
    let_in(&plain, &lines, &[json!({})], &bad).await;
    let lines =
        format!("{issuer}\nallow = {{ groups = [\"staff\"] }}\ngroups_claim = [\"realm\", \"groups\"]");
    let bad = [json!({ "realm": null, "groups": ["staff"] }), json!({ "realm": { "groups": ["staf"] } })];
    let_in(&plain, &lines, &[json!({})], &bad).await;
}

#[tokio::test]
async fn what_is_listed_of_the_providers_claims_is_in_our_tokens_as_it_said_them_last() {
    let okta = StandIn::okta();
    let lines = "provider = \"okta\"\nissuer = \"https://example.okta.com\"\nallow = \"anyone\"\nclaims = [\"groups\", \"department\"]";
    let app = app(lines, okta.provider.clone());
    let (token, client, refresh) = okta.token(&app, &json!({ "department": "sales" })).await;
    let listed = |token: &Value| (token["groups"].clone(), token["department"].clone());
    assert_eq!(listed(&token), (json!(["Everyone", "staff"]), json!("sales")));
    assert!(token.get("email").is_none() && token.get("idp").is_none() && token.get("ver").is_none());
    let form = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", &*refresh)];
    let refreshed = app.token(&form).await.json();
    let refreshed = app.claims(refreshed["access_token"].as_str().unwrap());
    assert_eq!(listed(&refreshed), listed(&token));
    let (token, ..) = okta.token(&app, &json!({ "groups": null })).await;
    assert_eq!(listed(&token), (Value::Null, Value::Null));
}

#[tokio::test]
async fn what_the_configuration_says_of_a_person_counts_where_the_provider_says_it_too() {
    let okta = StandIn::okta();
    let lines = "provider = \"okta\"\nissuer = \"https://example.okta.com\"\nallow = \"anyone\"\nclaims = [\"groups\"]";
    let (token, ..) = okta.token(&app(lines, okta.provider.clone()), &json!({})).await;
    let subject = token["sub"].as_str().unwrap().to_owned();
    let login = UpstreamLogin::new(options(lines), okta.provider.clone(), MovedClock::at(START).ambient());
    let app = App::with_login(login.unwrap(), |options| {
        let claims = json!({ "groups": ["theirs"], "team": "a" });
        options.claims = [(subject.clone(), claims.as_object().unwrap().clone())].into();
    });
    let (token, ..) = okta.token(&app, &json!({})).await;
    assert_eq!((&token["groups"], &token["team"]), (&json!(["theirs"]), &json!("a")));
    let (token, ..) = okta.token(&app, &json!({ "sub": "another" })).await;
    assert_eq!((&token["groups"], &token["team"]), (&json!(["Everyone", "staff"]), &Value::Null));
}

#[tokio::test]
async fn claims_that_are_too_long_log_nobody_in_and_none_is_cut() {
    let okta = StandIn::okta();
    let lines = "provider = \"okta\"\nissuer = \"https://example.okta.com\"\nallow = \"anyone\"\nclaims = [\"groups\"]";
    let app = app(lines, okta.provider.clone());
    let groups = |length: usize| json!({ "groups": ["x".repeat(length)] });
    // {"groups":["…"]} has 15 bytes around it.
    assert_eq!(okta.ends(&app, &groups(4096 - 15)).await, StatusCode::SEE_OTHER);
    assert_eq!(okta.ends(&app, &groups(4096 - 14)).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_agent_that_gets_a_token_in_exchange_gets_the_providers_claims_too() {
    let okta = StandIn::okta();
    let lines = "provider = \"okta\"\nissuer = \"https://example.okta.com\"\nallow = \"anyone\"\nclaims = [\"groups\"]";
    let login = UpstreamLogin::new(options(lines), okta.provider.clone(), MovedClock::at(START).ambient());
    let app = App::with_login(login.unwrap(), |options| {
        let mut agent = mcp_auth_issuer::NamedClient::machine(
            "agent",
            "a secret of the agent's own",
            mcp_auth_core::ScopeSet::parse_lossy("todos.read"),
        );
        agent.grant_types = [mcp_auth_issuer::GrantType::TokenExchange].into();
        agent.exchange_from = ["app".to_owned()].into();
        let app = mcp_auth_issuer::NamedClient::public("app", [REDIRECT.parse().unwrap()]);
        options.clients.extend([agent, app]);
    });
    let mut browser = Browser::new(&app);
    let url = authorize_url("app", &[]);
    let back = okta.comes_back(&mut browser, &url, &json!({})).await;
    let consent = browser.get(back.header("location")).await;
    let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
    let tokens = app.token(&redeem("app", &code)).await.json();
    let before = app.claims(tokens["access_token"].as_str().unwrap());
    let answer = app
        .token(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("client_id", "agent"),
            ("client_secret", "a secret of the agent's own"),
            ("subject_token", tokens["access_token"].as_str().unwrap()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ])
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let after = app.claims(answer.json()["access_token"].as_str().unwrap());
    for claim in ["groups", "auth_time", "amr", "sub"] {
        assert_eq!(after[claim], before[claim], "{claim}");
    }
    assert_eq!(after["groups"], json!(["Everyone", "staff"]));
}
