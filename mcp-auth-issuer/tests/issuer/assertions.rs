//! The JWT bearer grant (RFC 7523 §2.1): assertions of identity providers about people (`id-jag`), and of platforms about programs (`workload`).
//! The good ones have the shapes that the client legs of the MCP conformance suite send.

use axum::body::Body;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::{Request, StatusCode};
use mcp_auth_core::ScopeSet;
use mcp_auth_issuer::{
    AssertionKeys, AssertionOptions, AssertionProfile, ClaimAt, ClaimTest, DevelopmentLogin, GrantType,
    IssuerOptions, NamedClient, SigningKey, Workload,
};
use mcp_auth_store::Store;
use serde_json::{Value, json};

use crate::dpop::{key, proof, token};
use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;
use crate::site::Site;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const IDP: &str = "https://idp.example";
const OTHER_IDP: &str = "https://other-idp.example";
const PLATFORM: &str = "https://platform.example";
const SECRET: &str = "a secret of enough characters";

pub(crate) struct Bench {
    pub(crate) app: App,
    idp: SigningKey,
    other_idp: SigningKey,
    platform: SigningKey,
}

fn editor(id: &str, scopes: &str) -> NamedClient {
    NamedClient {
        grant_types: [GrantType::JwtBearer].into(),
        ..NamedClient::machine(id, SECRET, ScopeSet::parse_lossy(scopes))
    }
}

/// Two identity providers, and a platform with one program.
fn trusted(idp: &SigningKey, other_idp: &SigningKey, platform: &SigningKey) -> Vec<AssertionOptions> {
    let owner = ClaimAt { written: "owner".into(), names: vec!["owner".into()] };
    let deploy = Workload {
        client_id: "conformance-wif-workload".into(),
        subject: "conformance-workload".into(),
        require_claims: [(owner, ClaimTest::OneOf(vec!["1".into()]))].into_iter().collect(),
        scopes: ScopeSet::parse_lossy("todos.read"),
    };
    let issuer = |issuer: &str, key: &SigningKey, profile| AssertionOptions {
        issuer: issuer.parse().unwrap(),
        keys: AssertionKeys::Static(key.jwks()),
        profile,
        max_lifetime: std::time::Duration::from_secs(300),
    };
    vec![
        issuer(IDP, idp, AssertionProfile::IdJag),
        issuer(OTHER_IDP, other_idp, AssertionProfile::IdJag),
        issuer(PLATFORM, platform, AssertionProfile::Workload(vec![deploy])),
    ]
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::on(fresh_store(), |_| ())
    }

    fn on(store: Store, more: impl FnOnce(&mut IssuerOptions)) -> Self {
        let [idp, other_idp, platform] = [key(), key(), key()];
        let assertions = trusted(&idp, &other_idp, &platform);
        let app = App::on(
            store,
            |_| (),
            |options| {
                options.assertions = assertions;
                options
                    .clients
                    .extend([editor("editor", "todos.read todos.write"), editor("other", "todos.read")]);
                more(options);
            },
        );
        Self { app, idp, other_idp, platform }
    }

    /// What the client presents: each form has its own assertion.
    pub(crate) async fn present(&self, assertion: &str, changes: &[(&str, &str)]) -> Answer {
        let mut form = vec![
            ("grant_type", GRANT),
            ("client_id", "editor"),
            ("client_secret", SECRET),
            ("assertion", assertion),
        ];
        for change in changes {
            form = changed(&form, *change);
        }
        self.app.token(&form).await
    }

    /// What a program presents.
    pub(crate) async fn present_alone(&self, assertion: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![("grant_type", GRANT), ("assertion", assertion)];
        form.extend_from_slice(more);
        self.app.token(&form).await
    }

    fn id_jag(&self, claim: &str, value: Value) -> String {
        let mut claims = id_jag_claims(IDP);
        claims[claim] = value;
        sign(&self.idp, Some("oauth-id-jag+jwt"), &claims)
    }

    pub(crate) fn good_id_jag(&self) -> String {
        sign(&self.idp, Some("oauth-id-jag+jwt"), &id_jag_claims(IDP))
    }

    pub(crate) fn of_workload(&self, claim: &str, value: Value) -> String {
        let mut claims = workload_claims();
        claims[claim] = value;
        sign(&self.platform, None, &claims)
    }

    #[track_caller]
    fn claims(&self, answer: &Answer) -> Value {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert!(answer.json().get("refresh_token").is_none());
        self.app.claims(answer.json()["access_token"].as_str().unwrap())
    }
}

fn id_jag_claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "sub": "demo-user@example.com", "aud": ISSUER, "resource": RESOURCE, "client_id": "editor",
        "iat": START, "exp": START + 300, "jti": unique(),
    })
}

fn workload_claims() -> Value {
    json!({
        "iss": PLATFORM, "sub": "conformance-workload", "aud": ISSUER, "owner": "1",
        "iat": START, "exp": START + 300, "jti": unique(),
    })
}

fn unique() -> String {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    format!("assertion {}", COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

fn sign(key: &SigningKey, typ: Option<&str>, claims: &Value) -> String {
    let mut header = json!({ "alg": "ES256" });
    if let Some(typ) = typ {
        header["typ"] = json!(typ);
    }
    key.mint_with_header(&header, claims).unwrap()
}

#[tokio::test]
async fn an_id_jag_gives_a_client_a_token_for_the_person_of_the_identity_provider() {
    let bench = Bench::new();
    let answer = bench.present(&bench.good_id_jag(), &[("resource", RESOURCE)]).await;
    let claims = bench.claims(&answer);
    assert_eq!(claims["sub"], "https://idp.example#demo-user@example.com");
    assert_eq!((&claims["client_id"], &claims["aud"]), (&json!("editor"), &json!(RESOURCE)));
    assert_eq!(claims["scope"], "todos.read todos.write", "what the client may have");
    assert_eq!((answer.json()["token_type"].clone(), claims.get("auth_time")), (json!("Bearer"), None));
    assert_eq!(answer.json()["resource"], RESOURCE, "what the assertion named");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_client_authenticates_by_basic_as_in_the_conformance_suite() {
    let bench = Bench::new();
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("editor:{}", SECRET.replace(' ', "+"))));
    let assertion = bench.good_id_jag();
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic);
    let body = encode(&[("grant_type", GRANT), ("assertion", &assertion)]);
    let answer = bench.app.send(request.body(Body::from(body)).unwrap()).await;
    bench.claims(&answer);
}

#[tokio::test]
async fn the_same_subject_of_two_issuers_is_two_people_and_neither_is_one_of_ours() {
    let bench = Bench::new();
    let with_subject = |issuer: &str, sub: &str| {
        let mut claims = id_jag_claims(issuer);
        claims["sub"] = json!(sub);
        claims
    };
    let mut subjects = std::collections::BTreeSet::new();
    for (issuer, signer) in [(IDP, &bench.idp), (OTHER_IDP, &bench.other_idp)] {
        for sub in ["developer", "editor", "a#b", "a%23b"] {
            let assertion = sign(signer, Some("oauth-id-jag+jwt"), &with_subject(issuer, sub));
            let claims = bench.claims(&bench.present(&assertion, &[]).await);
            let subject = claims["sub"].as_str().unwrap().to_owned();
            assert!(subject.starts_with(&format!("{issuer}#")), "{subject}");
            assert!(subjects.insert(subject));
        }
    }
    let long = sign(&bench.idp, Some("oauth-id-jag+jwt"), &with_subject(IDP, &"x".repeat(250)));
    bench.present(&long, &[]).await.assert_error(400, "invalid_grant");
}

/// Names of somebody else at [`Bench`], and names that are a person's of the login alone.
const OF_OTHERS: [&str; 4] =
    ["editor", "conformance-wif-workload", "https://idp.example#ann", "https://idp.example#"];
const OF_PEOPLE: [&str; 4] =
    ["ann", "conformance-workload", "https://platform.example#ann", "https://idp.example"];

/// An issuer at which these people log in, and what they come back to: the same one after it trusts issuers of assertions.
fn before_and_after() -> (App, App) {
    let store = fresh_store();
    let login =
        || DevelopmentLogin::new([OF_OTHERS, OF_PEOPLE].concat().into_iter().map(Into::into).collect());
    let before = App::on_with_login(store.clone(), login(), |_| ());
    let after = App::on_with_login(store, login(), |options| {
        options.assertions = trusted(&key(), &key(), &key());
        options.clients.push(editor("editor", "todos.read"));
    });
    (before, after)
}

#[tokio::test]
async fn nobody_logs_in_who_is_called_like_a_client_a_program_or_a_person_of_an_identity_provider() {
    let (before, after) = before_and_after();
    let client = before.public_client().await;
    let has_consent = async |app: &App, person: &str| {
        let mut browser = Browser::new(app);
        let login = browser.get(&authorize_url(&client, &[])).await;
        let answer = browser.answer_login(&login, &[("user", person)]).await;
        match answer.status {
            StatusCode::SEE_OTHER => browser.get(answer.header("location")).await.body.contains("allow"),
            status => {
                assert_eq!(status, StatusCode::FORBIDDEN, "{person}");
                false
            }
        }
    };
    for person in OF_OTHERS {
        assert!(has_consent(&before, person).await && !has_consent(&after, person).await, "{person}");
    }
    for person in OF_PEOPLE {
        assert!(has_consent(&before, person).await && has_consent(&after, person).await, "{person}");
    }
}

#[tokio::test]
async fn what_a_person_has_ends_when_the_name_becomes_that_of_somebody_else() {
    let (before, after) = before_and_after();
    let client = before.public_client().await;
    for (person, goes_on) in
        OF_OTHERS.map(|name| (name, false)).into_iter().chain(OF_PEOPLE.map(|name| (name, true)))
    {
        let mut browser = Browser::new(&before);
        let url = authorize_url(&client, &[("prompt", "consent")]);
        let consent = crate::device::log_in(&mut browser, &url, person).await;
        let used = browser.submit(&consent, "allow").await.param("code").unwrap();
        let tokens = before.token(&redeem(&client, &used)).await.json();
        let consent = browser.get(&url).await;
        let waiting = browser.submit(&consent, "allow").await.param("code").unwrap();

        let status = if goes_on { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        let refresh = [
            ("grant_type", "refresh_token"),
            ("client_id", &*client),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ];
        assert_eq!(after.token(&refresh).await.status, status, "{person}");
        assert_eq!(after.token(&redeem(&client, &waiting)).await.status, status, "{person}");
        let page = browser.at(&after).get(&url).await;
        assert_eq!(page.body.contains("value=\"allow\""), goes_on, "{person}: {}", page.body);
    }
}

#[tokio::test]
async fn an_id_jag_counts_once_in_every_process_until_it_ends() {
    let store = fresh_store();
    let bench = Bench::on(store, |_| ());
    let assertion = bench.good_id_jag();
    assert_eq!(bench.present(&assertion, &[]).await.status, StatusCode::OK);
    bench.present(&assertion, &[]).await.assert_error(400, "invalid_grant");
    bench.app.advance(320);
    bench.present(&assertion, &[]).await.assert_error(400, "invalid_grant");
    bench.app.advance(20);
    bench.present(&assertion, &[]).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn the_same_jti_of_two_issuers_is_two_assertions() {
    let bench = Bench::new();
    for (issuer, signer) in [(IDP, &bench.idp), (OTHER_IDP, &bench.other_idp)] {
        let mut claims = id_jag_claims(issuer);
        claims["jti"] = json!("the same");
        let assertion = sign(signer, Some("oauth-id-jag+jwt"), &claims);
        assert_eq!(bench.present(&assertion, &[]).await.status, StatusCode::OK);
        bench.present(&assertion, &[]).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_request_that_is_refused_does_not_use_an_assertion_up() {
    let bench = Bench::new();
    let assertion = bench.good_id_jag();
    bench.present(&assertion, &[("scope", "admin")]).await.assert_error(400, "invalid_scope");
    bench
        .present(&assertion, &[("resource", "http://other.example/")])
        .await
        .assert_error(400, "invalid_target");
    bench.present(&assertion, &[("client_secret", "wrong")]).await.assert_error(401, "invalid_client");
    bench.present(&assertion, &[("client_id", "other")]).await.assert_error(400, "invalid_grant");
    assert_eq!(bench.present(&assertion, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_id_jag_for_somebody_else_or_another_place_or_time_is_refused() {
    let bench = Bench::new();
    for (claim, value) in [
        ("iss", json!("https://unknown.example")),
        ("iss", json!(OTHER_IDP)),
        ("iss", json!([IDP])),
        ("iss", json!(ISSUER)),
        ("aud", json!(RESOURCE)),
        ("aud", json!("http://localhost:8080/token")),
        ("aud", json!("http://localhost:8080/")),
        ("aud", json!([ISSUER, "https://other.example"])),
        ("resource", json!(null)),
        ("resource", json!("http://localhost:8080/other")),
        ("resource", json!([RESOURCE, "https://other.example"])),
        ("client_id", json!("other")),
        ("client_id", json!(null)),
        ("sub", json!("")),
        ("sub", json!(null)),
        ("jti", json!(null)),
        ("jti", json!("")),
        ("iat", json!(null)),
        ("iat", json!(START + 31)),
        ("exp", json!(null)),
        ("exp", json!(START - 31)),
        ("exp", json!(START + 301)),
        ("nbf", json!(START + 31)),
        ("at_hash", json!("x")),
        ("act", json!({ "sub": "x" })),
        ("scope", json!(["todos.read"])),
        ("authorization_details", json!([{ "type": "todo", "actions": ["read"] }])),
        ("scp", json!(["todos.read"])),
        ("scp", json!("todos.read")),
        ("tenant", json!("acme")),
        ("aud_tenant", json!("acme")),
        ("cnf", json!({ "x5t#S256": "x" })),
    ] {
        let answer = bench.present(&bench.id_jag(claim, value.clone()), &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{claim} {value}");
        answer.assert_error(400, "invalid_grant");
    }
    assert_eq!(bench.present(&bench.id_jag("aud", json!([ISSUER])), &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_id_token_an_access_token_and_an_unsigned_jwt_are_not_assertions() {
    let bench = Bench::new();
    for typ in [None, Some("JWT"), Some("at+jwt"), Some("id_token+jwt"), Some("dpop+jwt"), Some("")] {
        let other = sign(&bench.idp, typ, &id_jag_claims(IDP));
        bench.present(&other, &[]).await.assert_error(400, "invalid_grant");
    }
    let id_token = json!({
        "iss": IDP, "sub": "demo-user@example.com", "aud": "editor", "nonce": "n", "iat": START, "exp": START + 300,
    });
    bench.present(&sign(&bench.idp, None, &id_token), &[]).await.assert_error(400, "invalid_grant");
    let own = bench.app.tokens(&bench.app.public_client().await, &[]).await;
    bench.present(own["access_token"].as_str().unwrap(), &[]).await.assert_error(400, "invalid_grant");
    let forged = sign(&key(), Some("oauth-id-jag+jwt"), &id_jag_claims(IDP));
    bench.present(&forged, &[]).await.assert_error(400, "invalid_grant");
    for alg in ["none", "HS256", "ES384"] {
        let header = json!({ "alg": alg, "typ": "oauth-id-jag+jwt" });
        let other = bench.idp.mint_with_header(&header, &id_jag_claims(IDP)).unwrap();
        bench.present(&other, &[]).await.assert_error(400, "invalid_grant");
    }
    for text in ["x", "a.b.c", "a.b"] {
        bench.present(text, &[]).await.assert_error(400, "invalid_grant");
    }
    bench.present("", &[("assertion", "")]).await.assert_error(400, "invalid_request");
    let any_case = sign(&bench.idp, Some("application/OAuth-ID-JAG+JWT"), &id_jag_claims(IDP));
    assert_eq!(bench.present(&any_case, &[]).await.status, StatusCode::OK, "RFC 7515 section 4.1.9");
}

#[tokio::test]
async fn scopes_are_within_those_of_the_assertion_and_of_the_client() {
    let bench = Bench::new();
    let scope = async |said: Value, asked: &str| {
        let answer = bench.present(&bench.id_jag("scope", said), &[("scope", asked)]).await;
        match answer.status {
            StatusCode::OK => Some(answer.json()["scope"].as_str().unwrap_or_default().to_owned()),
            _ => {
                answer.assert_error(400, "invalid_scope");
                None
            }
        }
    };
    assert_eq!(scope(json!("todos.read"), "").await.as_deref(), Some("todos.read"));
    assert_eq!(scope(json!("todos.read"), "todos.write").await, None);
    assert_eq!(scope(json!("todos.read todos.write"), "todos.write").await.as_deref(), Some("todos.write"));
    // The identity provider allowed fewer than the client asks for: those, and the answer says so.
    assert_eq!(scope(json!("todos.read"), "todos.read todos.write").await.as_deref(), Some("todos.read"));
    assert_eq!(scope(json!("todos.write"), "todos.write admin").await.as_deref(), Some("todos.write"));
    // Of a scope that the client itself may not have it is told.
    assert_eq!(scope(json!("todos.read admin"), "todos.read admin").await, None);
    // `admin` brings both along; itself it is beyond the client.
    assert_eq!(scope(json!("admin"), "").await.as_deref(), Some("todos.read todos.write"));
    assert_eq!(scope(json!("admin"), "admin").await, None);
    assert_eq!(scope(json!(""), "").await.as_deref(), Some(""), "none at all");
    assert_eq!(scope(json!(""), "todos.read").await, None);
    assert_eq!(scope(json!("unknown"), "").await.as_deref(), Some(""), "what is not declared is not given");
}

#[tokio::test]
async fn an_assertion_is_presented_in_the_body_of_a_request_alone() {
    let bench = Bench::new();
    let assertion = bench.good_id_jag();
    let form = [("grant_type", GRANT), ("client_id", "editor"), ("client_secret", SECRET)];
    let send = async |url: &str, form: &[(&str, &str)]| {
        let request = Request::post(url).header("content-type", "application/x-www-form-urlencoded");
        bench.app.send(request.body(Body::from(encode(form))).unwrap()).await
    };
    let in_query = format!("/token?{}", encode(&[("assertion", &assertion)]));
    send(&in_query, &form).await.assert_error(400, "invalid_request");
    let all_in_query = format!("/token?{}", encode(&[&form[..], &[("assertion", &assertion)]].concat()));
    send(&all_in_query, &[]).await.assert_error(401, "invalid_client");
    let twice = [("assertion", &*assertion), ("assertion", &*assertion)];
    send("/token", &[&form[..], &twice].concat()).await.assert_error(400, "invalid_request");
    assert_eq!(bench.present(&assertion, &[]).await.status, StatusCode::OK, "none of these used it up");
}

#[tokio::test]
async fn only_a_confidential_client_that_was_named_for_it_presents_an_id_jag() {
    let bench = Bench::new();
    let assertion = bench.good_id_jag();
    let job = [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it")];
    bench.present(&assertion, &job).await.assert_error(400, "unauthorized_client");
    let public = bench.app.public_client().await;
    let answer = bench.present_alone(&assertion, &[("client_id", &public)]).await;
    answer.assert_error(400, "unauthorized_client");
    bench.present_alone(&assertion, &[]).await.assert_error(401, "invalid_client");
    let unauthenticated = bench.present_alone(&assertion, &[("client_id", "editor")]).await;
    unauthenticated.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn a_program_gets_a_token_for_itself_by_the_assertion_of_its_platform_alone() {
    let bench = Bench::new();
    for (typ, more) in [
        (None, &[][..]),
        (Some("JWT"), &[("client_id", "conformance-wif-workload"), ("resource", RESOURCE)][..]),
    ] {
        let assertion = sign(&bench.platform, typ, &workload_claims());
        let answer = bench.present_alone(&assertion, more).await;
        let claims = bench.claims(&answer);
        assert_eq!(
            (&claims["sub"], &claims["client_id"]),
            (&json!("conformance-wif-workload"), &json!("conformance-wif-workload"))
        );
        assert_eq!(claims["scope"], "todos.read");
        // Platforms give a program the same one again until it ends.
        assert_eq!(bench.present_alone(&assertion, more).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn an_assertion_of_another_program_or_place_or_time_is_refused() {
    let bench = Bench::new();
    for (claim, value) in [
        ("sub", json!("conformance-workload-2")),
        ("sub", json!("conformance")),
        ("owner", json!("2")),
        ("owner", json!(null)),
        ("aud", json!("https://wrong.example")),
        ("aud", json!([ISSUER, "https://wrong.example"])),
        ("exp", json!(START - 60)),
        ("exp", json!(START + 301)),
        ("exp", json!(null)),
        ("nbf", json!(START + 60)),
        ("nonce", json!("n")),
        ("azp", json!("x")),
        ("at_hash", json!("x")),
        ("c_hash", json!("x")),
        ("cnf", json!({})),
    ] {
        let answer = bench.present_alone(&bench.of_workload(claim, value.clone()), &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{claim} {value}");
        answer.assert_error(400, "invalid_grant");
    }
    for typ in ["at+jwt", "oauth-id-jag+jwt", "dpop+jwt", "id_token+jwt"] {
        let other = sign(&bench.platform, Some(typ), &workload_claims());
        bench.present_alone(&other, &[]).await.assert_error(400, "invalid_grant");
    }
    let forged = sign(&bench.idp, None, &workload_claims());
    bench.present_alone(&forged, &[]).await.assert_error(400, "invalid_grant");
    let good = || sign(&bench.platform, None, &workload_claims());
    let refused = bench.present_alone(&good(), &[("scope", "todos.write")]).await;
    refused.assert_error(400, "invalid_scope");
    let refused = bench.present_alone(&good(), &[("resource", "http://other.example/")]).await;
    refused.assert_error(400, "invalid_target");
    bench.present_alone(&good(), &[("client_id", "editor")]).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_program_that_authenticates_in_two_ways_is_refused() {
    let bench = Bench::new();
    let good = || sign(&bench.platform, None, &workload_claims());
    bench.present(&good(), &[]).await.assert_error(401, "invalid_client");
    for more in [("client_secret", SECRET), ("client_assertion", "x"), ("client_assertion_type", "x")] {
        bench.present_alone(&good(), &[more]).await.assert_error(401, "invalid_client");
    }
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "Basic eDp5");
    let body = encode(&[("grant_type", GRANT), ("assertion", &good())]);
    bench.app.send(request.body(Body::from(body)).unwrap()).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn each_issuer_is_trusted_with_its_own_profile_alone() {
    let bench = Bench::new();
    let mut claims = id_jag_claims(PLATFORM);
    claims["sub"] = json!("conformance-workload");
    let of_platform = sign(&bench.platform, Some("oauth-id-jag+jwt"), &claims);
    bench.present_alone(&of_platform, &[]).await.assert_error(400, "invalid_grant");
    bench.present(&of_platform, &[]).await.assert_error(401, "invalid_client");
    let mut claims = workload_claims();
    claims["iss"] = json!(IDP);
    let of_idp = sign(&bench.idp, None, &claims);
    bench.present_alone(&of_idp, &[]).await.assert_error(401, "invalid_client");
    bench.present(&of_idp, &[]).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn what_assertions_give_is_bound_to_the_key_that_is_proven_and_cnf_demands_it() {
    let bench = Bench::new();
    let own = key();
    let present = async |assertion: &str, proofs: &[&str]| {
        let form = [
            ("grant_type", GRANT),
            ("client_id", "editor"),
            ("client_secret", SECRET),
            ("assertion", assertion),
        ];
        token(&bench.app, &form, proofs).await
    };
    let answer = present(&bench.good_id_jag(), &[&proof(&own)]).await;
    assert_eq!(
        (&bench.claims(&answer)["cnf"]["jkt"], &answer.json()["token_type"]),
        (&json!(own.kid()), &json!("DPoP"))
    );
    let bound = bench.id_jag("cnf", json!({ "jkt": own.kid() }));
    present(&bound, &[]).await.assert_error(400, "invalid_grant");
    present(&bound, &[&proof(&key())]).await.assert_error(400, "invalid_grant");
    assert_eq!(bench.claims(&present(&bound, &[&proof(&own)]).await)["cnf"]["jkt"], own.kid());
    let program = sign(&bench.platform, None, &workload_claims());
    let program = token(&bench.app, &[("grant_type", GRANT), ("assertion", &program)], &[&proof(&own)]).await;
    assert_eq!(bench.claims(&program)["cnf"]["jkt"], own.kid());
}

#[tokio::test]
async fn an_assertion_is_not_taken_while_the_store_cannot_say_whether_it_was_used() {
    let outage = fresh_outage();
    let bench = Bench::on(outage.store(), |_| ());
    let assertion = bench.good_id_jag();
    outage.begin();
    bench.present(&assertion, &[]).await.assert_error(503, "temporarily_unavailable");
    outage.end();
    assert_eq!(bench.present(&assertion, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_503_and_not_the_clients_fault() {
    // Nothing listens there.
    let nowhere = "http://127.0.0.1:9";
    let bench = Bench::on(fresh_store(), |options| {
        options.assertions.push(AssertionOptions {
            issuer: nowhere.parse().unwrap(),
            keys: AssertionKeys::JwksUri(format!("{nowhere}/keys").parse().unwrap()),
            profile: AssertionProfile::IdJag,
            max_lifetime: std::time::Duration::from_secs(300),
        });
    });
    let assertion = sign(&bench.idp, Some("oauth-id-jag+jwt"), &id_jag_claims(nowhere));
    bench.present(&assertion, &[]).await.assert_error(503, "temporarily_unavailable");
}

#[tokio::test]
async fn keys_behind_a_certificate_that_is_not_trusted_are_not_taken() {
    let (site, idp) = (Site::open().await, key());
    let at = format!("https://{}", site.address());
    site.put(&format!("{at}/keys"), &idp.jwks());
    let bench = Bench::on(fresh_store(), |options| {
        options.assertions.push(AssertionOptions {
            issuer: at.parse().unwrap(),
            keys: AssertionKeys::JwksUri(format!("{at}/keys").parse().unwrap()),
            profile: AssertionProfile::IdJag,
            max_lifetime: std::time::Duration::from_secs(300),
        });
    });
    let assertion = sign(&idp, Some("oauth-id-jag+jwt"), &id_jag_claims(&at));
    bench.present(&assertion, &[]).await.assert_error(503, "temporarily_unavailable");
    assert!(site.asked().is_empty(), "the handshake failed");
}

#[tokio::test]
async fn metadata_says_which_grants_and_which_profiles_of_grants_there_are() {
    let metadata = async |app: &App| app.get("/.well-known/oauth-authorization-server").await.json();
    let plain = metadata(&App::new()).await;
    assert_eq!(
        plain["grant_types_supported"],
        json!(["authorization_code", "refresh_token", "client_credentials"])
    );
    assert!(plain.get("authorization_grant_profiles_supported").is_none());
    let with = metadata(&Bench::new().app).await;
    assert_eq!(
        with["grant_types_supported"],
        json!(["authorization_code", "refresh_token", "client_credentials", GRANT])
    );
    assert_eq!(
        with["authorization_grant_profiles_supported"],
        json!(["urn:ietf:params:oauth:grant-profile:id-jag"])
    );
    let exchange = GrantType::TokenExchange;
    let app = App::with(
        |_| (),
        |options| {
            options
                .clients
                .push(NamedClient { grant_types: [exchange].into(), ..editor("agent", "todos.read") });
        },
    );
    let grants = metadata(&app).await["grant_types_supported"].as_array().unwrap().clone();
    assert!(grants.contains(&json!(exchange.as_str())) && !grants.contains(&json!(GRANT)));
    // Without an issuer that is trusted nothing is an assertion.
    let form =
        [("grant_type", GRANT), ("client_id", "agent"), ("client_secret", SECRET), ("assertion", "a.b.c")];
    app.token(&form).await.assert_error(400, "unauthorized_client");
}
