//! Tokens that are bound to a key of the client (DPoP, RFC 9449).

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::{Request, StatusCode};
use mcp_auth_core::ScopeSet;
use mcp_auth_issuer::{Authentication, NamedClient, SigningKey};
use mcp_auth_runtime::facade::{
    Authenticator, BindingMode, CacheBounds, Credential, Dpop, HttpFetch, IssuerRules, JwtVerifier, KeySource,
};
use mcp_auth_store::{Code, SecretHash, Store};
use serde_json::{Value, json};

use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;
use crate::site::{CLIENT, Site, document};

const TOKEN: &str = "http://localhost:8080/token";

/// A client's key. Its `kid` is its thumbprint.
pub(crate) fn key() -> SigningKey {
    SigningKey::generate().unwrap()
}

/// Claims of a good proof, made `at`.
fn claims(at: u64) -> Value {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    json!({ "jti": format!("proof {count}"), "htm": "POST", "htu": TOKEN, "iat": at })
}

fn sign(key: &SigningKey, claims: &Value) -> String {
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk() });
    key.mint_with_header(&header, claims).unwrap()
}

/// A good proof, made at [`START`].
pub(crate) fn proof(key: &SigningKey) -> String {
    sign(key, &claims(START))
}

/// A good proof for a POST to `path`.
pub(crate) fn proof_at(key: &SigningKey, path: &str) -> String {
    let mut claims = claims(START);
    claims["htu"] = json!(format!("{ISSUER}{path}"));
    sign(key, &claims)
}

/// A token request with these `DPoP` headers.
pub(crate) async fn token(app: &App, form: &[(&str, &str)], proofs: &[&str]) -> Answer {
    let mut request = Request::post("/token").header("content-type", "application/x-www-form-urlencoded");
    for proof in proofs {
        request = request.header("dpop", *proof);
    }
    app.send(request.body(Body::from(encode(form))).unwrap()).await
}

fn refresh<'a>(client: &'a str, tokens: &'a Value) -> Vec<(&'a str, &'a str)> {
    let token = tokens["refresh_token"].as_str().unwrap();
    vec![("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]
}

fn jkt(app: &App, tokens: &Value) -> Option<String> {
    let claims = app.claims(tokens["access_token"].as_str().unwrap());
    claims["cnf"]["jkt"].as_str().map(str::to_owned)
}

/// Tokens of a public client that are bound to `key`.
async fn bound(app: &App, client: &str, key: &SigningKey) -> Value {
    let code = app.code(client, &[]).await;
    let answer = token(app, &redeem(client, &code), &[&proof(key)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_token_is_bound_to_the_key_of_the_proof_and_a_bearer_token_without_one() {
    let app = App::new();
    let (client, own) = (app.public_client().await, key());
    let tokens = bound(&app, &client, &own).await;
    assert_eq!(tokens["token_type"], "DPoP");
    assert_eq!(jkt(&app, &tokens).as_deref(), Some(own.kid()));
    let tokens = app.tokens(&client, &[]).await;
    assert_eq!((&tokens["token_type"], jkt(&app, &tokens)), (&json!("Bearer"), None));
    let machine = [("grant_type", "client_credentials"), ("client_id", "nightly job")];
    let machine = [&machine[..], &[("client_secret", "s3cret: with %+ in it")]].concat();
    let tokens = token(&app, &machine, &[&proof(&own)]).await.json();
    assert_eq!((&tokens["token_type"], jkt(&app, &tokens).as_deref()), (&json!("DPoP"), Some(own.kid())));
}

#[tokio::test]
async fn a_refresh_token_of_a_public_client_needs_a_proof_of_the_same_key() {
    let app = App::new();
    let (client, own) = (app.public_client().await, key());
    let tokens = bound(&app, &client, &own).await;
    let form = refresh(&client, &tokens);
    token(&app, &form, &[]).await.assert_error(400, "invalid_dpop_proof");
    token(&app, &form, &[&proof(&key())]).await.assert_error(400, "invalid_grant");
    // What was refused used nothing up.
    let next = token(&app, &form, &[&proof(&own)]).await.json();
    assert_eq!(jkt(&app, &next).as_deref(), Some(own.kid()));
    let again = token(&app, &refresh(&client, &next), &[&proof(&key())]).await;
    again.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_of_a_public_client_is_bound_as_soon_as_a_key_is_proven() {
    let app = App::new();
    let (client, own) = (app.public_client().await, key());
    let first = app.tokens(&client, &[]).await;
    let bound = token(&app, &refresh(&client, &first), &[&proof(&own)]).await.json();
    assert_eq!((&bound["token_type"], jkt(&app, &bound).as_deref()), (&json!("DPoP"), Some(own.kid())));
    token(&app, &refresh(&client, &bound), &[]).await.assert_error(400, "invalid_dpop_proof");
    assert_eq!(token(&app, &refresh(&client, &bound), &[&proof(&own)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_token_of_a_confidential_client_is_bound_by_its_secret_and_to_no_key() {
    let app = App::new();
    let document = app.register(&metadata(&[REDIRECT], "client_secret_post")).await.json();
    let [id, secret] = ["client_id", "client_secret"].map(|name| document[name].as_str().unwrap().to_owned());
    let code = app.code(&id, &[]).await;
    let with_secret = |mut form: Vec<(&'static str, String)>| {
        form.push(("client_secret", secret.clone()));
        form
    };
    let send = async |form: Vec<(&'static str, String)>, proofs: &[&str]| {
        let form = with_secret(form);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, &**value)).collect();
        token(&app, &form, proofs).await
    };
    let owned = |form: Vec<(&'static str, &str)>| -> Vec<(&'static str, String)> {
        form.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    };
    let refreshed = |tokens: &Value| {
        owned(vec![
            ("grant_type", "refresh_token"),
            ("client_id", &id),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ])
    };
    let redeemed = owned(vec![
        ("grant_type", "authorization_code"),
        ("client_id", &id),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ]);
    let (first, second) = (key(), key());
    let tokens = send(redeemed, &[&proof(&first)]).await.json();
    assert_eq!(jkt(&app, &tokens).as_deref(), Some(first.kid()));
    let tokens = send(refreshed(&tokens), &[&proof(&second)]).await.json();
    assert_eq!(
        jkt(&app, &tokens).as_deref(),
        Some(second.kid()),
        "each access token by the key of its request"
    );
    let tokens = send(refreshed(&tokens), &[]).await.json();
    assert_eq!((&tokens["token_type"], jkt(&app, &tokens)), (&json!("Bearer"), None));
}

/// RFC 9449 §5.2.
#[tokio::test]
async fn a_client_that_registers_for_bound_tokens_alone_gets_none_without_a_proof() {
    let app = App::new();
    let mut asked = metadata(&[REDIRECT], "none");
    asked["dpop_bound_access_tokens"] = json!(true);
    let told = app.register(&asked).await.json();
    assert_eq!(told["dpop_bound_access_tokens"], true);
    let (bound, other) = (told["client_id"].as_str().unwrap(), app.public_client().await);
    assert_ne!(bound, other, "they do not say the same about themselves");
    assert_eq!(app.register(&asked).await.json()["client_id"], bound, "and this one says the same again");

    let (own, code) = (key(), app.code(bound, &[]).await);
    let form = redeem(bound, &code);
    token(&app, &form, &[]).await.assert_error(400, "invalid_dpop_proof");
    let tokens = token(&app, &form, &[&proof(&own)]).await.json();
    assert_eq!((&tokens["token_type"], jkt(&app, &tokens).as_deref()), (&json!("DPoP"), Some(own.kid())));
    token(&app, &refresh(bound, &tokens), &[]).await.assert_error(400, "invalid_dpop_proof");
    assert_eq!(token(&app, &refresh(bound, &tokens), &[&proof(&own)]).await.status, StatusCode::OK);

    asked["dpop_bound_access_tokens"] = json!("yes");
    app.register(&asked).await.assert_error(400, "invalid_client_metadata");
}

/// The same of clients of the configuration, for each grant that they may present.
#[tokio::test]
async fn a_client_that_the_operator_named_for_bound_tokens_alone_gets_none_without_a_proof() {
    const SECRET: &str = "a secret of enough characters";
    let app = |dpop_bound: bool| {
        App::with(
            |_| (),
            |options| {
                let people = NamedClient::public("app", [REDIRECT.parse().unwrap()]);
                let machine = NamedClient::machine("machine", SECRET, ScopeSet::parse_lossy("todos.read"));
                options.clients.extend([people, machine].map(|client| NamedClient { dpop_bound, ..client }));
            },
        )
    };
    let machine = [("grant_type", "client_credentials"), ("client_id", "machine"), ("client_secret", SECRET)];
    for dpop_bound in [true, false] {
        let (app, own) = (app(dpop_bound), key());
        let refused = async |form: &[(&str, &str)]| {
            let answer = token(&app, form, &[]).await;
            match dpop_bound {
                true => answer.assert_error(400, "invalid_dpop_proof"),
                false => assert_eq!(answer.json()["token_type"], "Bearer", "{}", answer.body),
            }
        };
        refused(&machine).await;
        let tokens = token(&app, &machine, &[&proof(&own)]).await.json();
        assert_eq!((&tokens["token_type"], jkt(&app, &tokens).as_deref()), (&json!("DPoP"), Some(own.kid())));

        let code = app.code("app", &[]).await;
        refused(&redeem("app", &code)).await;
        // What was refused is as it was.
        let code = if dpop_bound { code } else { app.code("app", &[]).await };
        let tokens = token(&app, &redeem("app", &code), &[&proof(&own)]).await.json();
        assert_eq!((&tokens["token_type"], jkt(&app, &tokens).as_deref()), (&json!("DPoP"), Some(own.kid())));
        // A refresh token of a public client is bound to its key either way.
        token(&app, &refresh("app", &tokens), &[]).await.assert_error(400, "invalid_dpop_proof");
        assert_eq!(token(&app, &refresh("app", &tokens), &[&proof(&own)]).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_confidential_client_that_registers_for_bound_tokens_alone_needs_a_proof_for_each_token() {
    let app = App::new();
    let mut asked = metadata(&[REDIRECT], "client_secret_post");
    asked["dpop_bound_access_tokens"] = json!(true);
    let told = app.register(&asked).await.json();
    let [id, secret] = ["client_id", "client_secret"].map(|name| told[name].as_str().unwrap());
    let code = app.code(id, &[]).await;
    let redeemed = [redeem(id, &code), vec![("client_secret", secret)]].concat();
    token(&app, &redeemed, &[]).await.assert_error(400, "invalid_dpop_proof");
    let tokens = token(&app, &redeemed, &[&proof(&key())]).await.json();
    // Its refresh token is bound by its secret, and still gives no bearer token.
    let refreshed = [refresh(id, &tokens), vec![("client_secret", secret)]].concat();
    token(&app, &refreshed, &[]).await.assert_error(400, "invalid_dpop_proof");
    let next = token(&app, &refreshed, &[&proof(&key())]).await.json();
    assert_eq!(next["token_type"], "DPoP");
}

#[tokio::test]
async fn a_client_whose_description_says_bound_tokens_alone_gets_none_without_a_proof() {
    let site = Site::open().await;
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    let says = |value: Value| {
        let mut document = document(CLIENT);
        document["dpop_bound_access_tokens"] = value;
        site.put(CLIENT, &document);
    };
    says(json!(true));
    let (own, code) = (key(), app.code(CLIENT, &[]).await);
    let form = redeem(CLIENT, &code);
    token(&app, &form, &[]).await.assert_error(400, "invalid_dpop_proof");
    assert_eq!(token(&app, &form, &[&proof(&own)]).await.status, StatusCode::OK);
    says(json!(false));
    let code = app.code(CLIENT, &[]).await;
    assert_eq!(token(&app, &redeem(CLIENT, &code), &[]).await.json()["token_type"], "Bearer");
    says(json!("true"));
    app.get(&authorize_url(CLIENT, &[])).await.assert_local_error(400);
}

/// A code that the authorization request bound to a key (RFC 9449 §10).
async fn code_bound_to(store: &Store, client: &str, dpop_jkt: Option<String>) -> String {
    let code = format!("code {dpop_jkt:?}");
    let kept = Code {
        client_id: client.to_owned(),
        subject: "developer".into(),
        redirect_uri: REDIRECT.into(),
        code_challenge: challenge(),
        resource: RESOURCE.into(),
        scopes: ScopeSet::parse_lossy("todos.read"),
        refresh: true,
        authentication: Authentication { login: Some("development".into()), ..Authentication::at(START) },
        dpop_jkt,
        expires_at: START + 60,
    };
    store.codes().issue(SecretHash::of(&code), kept, START).await.unwrap();
    code
}

#[tokio::test]
async fn a_code_that_is_bound_to_a_key_needs_a_proof_of_that_key() {
    let store = fresh_store();
    let app = App::on(store.clone(), |_| (), |_| ());
    let (client, own) = (app.public_client().await, key());
    let code = code_bound_to(&store, &client, Some(own.kid().to_owned())).await;
    let form = redeem(&client, &code);
    token(&app, &form, &[]).await.assert_error(400, "invalid_dpop_proof");
    token(&app, &form, &[&proof(&key())]).await.assert_error(400, "invalid_grant");
    let tokens = token(&app, &form, &[&proof(&own)]).await.json();
    assert_eq!(jkt(&app, &tokens).as_deref(), Some(own.kid()));
    let free = code_bound_to(&store, &client, None).await;
    assert_eq!(token(&app, &redeem(&client, &free), &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_proof_counts_once_and_a_request_that_comes_twice_loses_nothing() {
    let app = App::new();
    let (client, own) = (app.public_client().await, key());
    let tokens = bound(&app, &client, &own).await;
    let (form, once) = (refresh(&client, &tokens), proof(&own));
    let next = token(&app, &form, &[&once]).await.json();
    let again = token(&app, &refresh(&client, &next), &[&once]).await;
    again.assert_error(400, "invalid_dpop_proof");
    // Neither did the very same request end the grant, as an old refresh token with a new proof does.
    token(&app, &form, &[&once]).await.assert_error(400, "invalid_dpop_proof");
    let next = token(&app, &refresh(&client, &next), &[&proof(&own)]).await;
    assert_eq!(next.status, StatusCode::OK);
    token(&app, &form, &[&proof(&own)]).await.assert_error(400, "invalid_grant");
    let dead = token(&app, &refresh(&client, &next.json()), &[&proof(&own)]).await;
    dead.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_request_that_is_refused_uses_no_proof_up() {
    let app = App::new();
    let (client, once) = (app.public_client().await, proof(&key()));
    let code = app.code(&client, &[]).await;
    let form = redeem(&client, &code);
    token(&app, &changed(&form, ("code", "unknown")), &[&once]).await.assert_error(400, "invalid_grant");
    token(&app, &changed(&form, ("resource", "http://other/")), &[&once])
        .await
        .assert_error(400, "invalid_target");
    assert_eq!(token(&app, &form, &[&once]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_proof_that_is_not_good_is_refused_and_never_taken_for_none() {
    let app = App::new();
    let (client, own) = (app.public_client().await, key());
    let code = app.code(&client, &[]).await;
    let form = redeem(&client, &code);
    let with_claim = |name: &str, value: Value| {
        let mut changed = claims(START);
        changed[name] = value;
        sign(&own, &changed)
    };
    let without = |name: &str| {
        let mut changed = claims(START);
        changed.as_object_mut().unwrap().remove(name);
        sign(&own, &changed)
    };
    let with_header = |header: Value| own.mint_with_header(&header, &claims(START)).unwrap();
    let good = proof(&own);
    let foreign = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key().public_jwk() });
    let mut private = own.public_jwk();
    private["d"] = json!("AAAA");
    for bad in [
        String::new(),
        "x".into(),
        format!("{good}, {}", proof(&own)),
        with_claim("htm", json!("GET")),
        with_claim("htu", json!(RESOURCE)),
        with_claim("htu", json!("https://localhost:8080/token")),
        with_claim("htu", json!("http://localhost:8080/revoke")),
        with_claim("iat", json!(START - 301)),
        with_claim("iat", json!(START + 301)),
        with_claim("exp", json!(START)),
        with_claim("jti", json!("")),
        without("jti"),
        without("htm"),
        without("htu"),
        without("iat"),
        with_header(foreign),
        with_header(json!({ "typ": "JWT", "alg": "ES256", "jwk": own.public_jwk() })),
        with_header(json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": own.public_jwk() })),
        with_header(json!({ "typ": "dpop+jwt", "alg": "none", "jwk": own.public_jwk() })),
        with_header(json!({ "typ": "dpop+jwt", "alg": "ES256" })),
        with_header(json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": private })),
    ] {
        token(&app, &form, &[&bad]).await.assert_error(400, "invalid_dpop_proof");
    }
    let two = token(&app, &form, &[&proof(&own), &proof(&own)]).await;
    two.assert_error(400, "invalid_dpop_proof");
    for fine in [START - 300, START + 300] {
        let machine = [
            ("grant_type", "client_credentials"),
            ("client_id", "nightly job"),
            ("client_secret", "s3cret: with %+ in it"),
        ];
        let answer = token(&app, &machine, &[&sign(&own, &claims(fine))]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    assert_eq!(
        token(&app, &form, &[&with_claim("htu", json!(format!("{TOKEN}?x#y")))]).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_store_that_is_down_is_503_and_no_proof_counts() {
    let outage = fresh_outage();
    let app = App::on(outage.store(), |_| (), |_| ());
    let machine = [
        ("grant_type", "client_credentials"),
        ("client_id", "nightly job"),
        ("client_secret", "s3cret: with %+ in it"),
    ];
    let own = key();
    outage.begin();
    let answer = token(&app, &machine, &[&proof(&own)]).await;
    answer.assert_error(503, "temporarily_unavailable");
    assert!(!answer.header("retry-after").is_empty());
    outage.end();
    assert_eq!(token(&app, &machine, &[&proof(&own)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn metadata_names_the_algorithms_of_proofs_and_pages_may_send_them() {
    let app = App::new();
    let document = app.get("/.well-known/oauth-authorization-server").await.json();
    let algorithms = document["dpop_signing_alg_values_supported"].as_array().unwrap();
    assert!(algorithms.contains(&json!("ES256")) && !algorithms.contains(&json!("none")));
    let preflight = Request::options("/token")
        .header("origin", "https://page.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "dpop,content-type");
    let answer = app.send(preflight.body(Body::empty()).unwrap()).await;
    assert!(answer.header("access-control-allow-headers").contains("dpop"));
}

#[tokio::test]
async fn introspection_says_that_a_token_is_bound_and_to_what() {
    let app = App::new();
    let (client, own) = (app.public_client().await, key());
    let tokens = bound(&app, &client, &own).await;
    let asked = [
        ("client_id", "nightly job"),
        ("client_secret", "s3cret: with %+ in it"),
        ("token", tokens["access_token"].as_str().unwrap()),
    ];
    let told = app.post_form("/introspect", &asked).await.json();
    assert_eq!((&told["token_type"], &told["cnf"]["jkt"]), (&json!("DPoP"), &json!(own.kid())));
    let bearer = app.tokens(&client, &[]).await;
    let asked = changed(&asked, ("token", bearer["access_token"].as_str().unwrap()));
    let told = app.post_form("/introspect", &asked).await.json();
    assert_eq!((&told["token_type"], told.get("cnf")), (&json!("Bearer"), None));
}

/// A server that verifies tokens of this issuer as that of the built-in issuer does.
fn server(app: &App, store: &Store) -> Authenticator {
    let keys = KeySource::Static(app.jwks());
    let mut rules = IssuerRules::new(ISSUER.parse().unwrap(), vec![RESOURCE.to_owned()], keys);
    rules.require_at_jwt = true;
    rules.tokens.bindings.dpop = BindingMode::Allowed;
    let fetch = Arc::new(HttpFetch::new().unwrap());
    let verifier = JwtVerifier::new(vec![rules], fetch, app.ambient()).unwrap();
    let authenticator =
        Authenticator::new(vec![Arc::new(verifier)], app.ambient().clock, CacheBounds::default());
    authenticator.proving(Dpop::new(&RESOURCE.parse().unwrap(), store, &app.ambient()))
}

#[tokio::test]
async fn a_server_takes_a_bound_token_with_a_proof_of_its_key_and_not_as_a_bearer_token() {
    let store = fresh_store();
    let app = App::on(store.clone(), |_| (), |_| ());
    let (client, own) = (app.public_client().await, key());
    let tokens = bound(&app, &client, &own).await;
    let bound_token = tokens["access_token"].as_str().unwrap();
    let server = server(&app, &store);
    let nonce = server.nonce().await.unwrap();
    let at_server = |key: &SigningKey| {
        let mut claims = claims(START);
        claims["htu"] = json!(RESOURCE);
        claims["nonce"] = json!(nonce.to_str().unwrap());
        claims["ath"] = json!(BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, bound_token.as_bytes())));
        sign(key, &claims)
    };
    let accepts = async |scheme: &str, token: &str, proof: Option<&str>| {
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("{scheme} {token}").parse().unwrap());
        if let Some(proof) = proof {
            headers.insert("dpop", proof.parse().unwrap());
        }
        let (uri, method) = (RESOURCE.parse().unwrap(), http::Method::POST);
        let credential = Credential::read_with_proof(&headers, &uri, &method).unwrap();
        server.authenticate(credential).await.is_ok()
    };
    assert!(accepts("DPoP", bound_token, Some(&at_server(&own))).await);
    assert!(!accepts("DPoP", bound_token, Some(&at_server(&key()))).await);
    assert!(!accepts("DPoP", bound_token, None).await);
    // The proof for the token endpoint is not one for the server.
    assert!(!accepts("DPoP", bound_token, Some(&proof(&own))).await);
    assert!(!accepts("Bearer", bound_token, None).await);
    assert!(!accepts("Bearer", bound_token, Some(&at_server(&own))).await);
    let bearer = app.tokens(&client, &[]).await;
    assert!(accepts("Bearer", bearer["access_token"].as_str().unwrap(), None).await);
}
