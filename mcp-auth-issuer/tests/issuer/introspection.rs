//! What who asks is told of a refresh token (RFC 7662 §4): active is one that its client could refresh now.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::StatusCode;
use mcp_auth_issuer::{
    Attempt, DevelopmentLogin, GrantType, IssuerOptions, KnownFuture, Login, LoginError, LoginFuture,
    NamedClient, Params, SigningKey,
};
use serde_json::{Value, json};

use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;
use crate::key_auth::{claims, document_by, key, signed, with_assertion};
use crate::site::{CLIENT, Site, document};

const ROBOT: [(&str, &str); 2] = [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it")];

async fn introspect(app: &App, token: &str) -> Answer {
    app.post_form("/introspect", &[&ROBOT[..], &[("token", token)]].concat()).await
}

async fn is_active(app: &App, token: &str) -> bool {
    let told = introspect(app, token).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let active = told.json()["active"].as_bool().unwrap();
    assert!(active || told.json() == json!({ "active": false }), "nothing else is said: {}", told.body);
    active
}

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().expect("a refresh token").to_owned()
}

async fn refresh(app: &App, client: &str, token: &str) -> Answer {
    app.token(&[("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]).await
}

fn ours() -> NamedClient {
    NamedClient::public("our app", [REDIRECT.parse().unwrap()])
}

/// The options of an issuer with that client.
fn with_ours(options: &mut IssuerOptions) {
    options.clients.push(ours());
}

#[tokio::test]
async fn a_refresh_token_is_active_while_its_client_could_refresh_it_and_asking_ends_nothing() {
    type Change = fn(&mut IssuerOptions);
    let changes: [(&str, Change); 6] = [
        ("the person is gone", |options| {
            with_ours(options);
            options.users = vec!["ann".to_owned()];
        }),
        ("the client is gone", |_| ()),
        ("it may not refresh", |options| {
            options
                .clients
                .push(NamedClient { grant_types: [GrantType::AuthorizationCode].into(), ..ours() });
        }),
        ("it has another redirect URI", |options| {
            options.clients.push(NamedClient::public("our app", ["https://our.example/cb".parse().unwrap()]));
        }),
        ("a grant is over earlier", |options| {
            with_ours(options);
            options.grant_lifetime = Duration::from_secs(60 * 60);
        }),
        ("it may be unused for less long", |options| {
            with_ours(options);
            options.refresh_token_lifetime = Duration::from_secs(60 * 60);
        }),
    ];
    for (why, change) in changes {
        let store = fresh_store();
        let before = App::on(store.clone(), |_| (), with_ours);
        let token = refresh_token(&before.tokens("our app", &[]).await);
        let after = App::on(store, |_| (), change);
        after.advance(60 * 60);
        assert!(!is_active(&after, &token).await, "{why}");
        assert!(is_active(&before, &token).await, "{why}: who asks ends nothing");
        assert_ne!(
            refresh(&after, "our app", &token).await.status,
            StatusCode::OK,
            "{why}: nor is it refreshed"
        );
    }
}

#[tokio::test]
async fn of_a_refresh_token_it_is_said_when_it_ends_by_the_lifetimes_of_now() {
    let store = fresh_store();
    let before = App::on(store.clone(), |_| (), with_ours);
    let token = refresh_token(&before.tokens("our app", &[]).await);
    let ends = async |app: &App| introspect(app, &token).await.json()["exp"].as_u64().unwrap();
    assert_eq!(ends(&before).await, START + 14 * 24 * 60 * 60);
    let shorter = App::on(
        store,
        |_| (),
        |options| {
            with_ours(options);
            options.grant_lifetime = Duration::from_secs(24 * 60 * 60);
        },
    );
    assert_eq!(ends(&shorter).await, START + 24 * 60 * 60);
    shorter.advance(24 * 60 * 60 - 1);
    assert!(is_active(&shorter, &token).await);
    shorter.advance(1);
    assert!(!is_active(&shorter, &token).await);
}

/// A login that knows its people, unless it does not answer.
struct MayBeDown(DevelopmentLogin, Arc<AtomicBool>);

impl Login for MayBeDown {
    fn begin<'a>(&'a self, attempt: &'a Attempt<'a>) -> LoginFuture<'a> {
        self.0.begin(attempt)
    }

    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        self.0.finish(attempt, answer)
    }

    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        match self.1.load(Ordering::SeqCst) {
            true => Box::pin(async { Err(LoginError::Unavailable("it is down".into())) }),
            false => self.0.knows(subject),
        }
    }
}

#[tokio::test]
async fn a_refresh_token_of_which_nothing_can_be_told_now_is_503_and_not_inactive() {
    let (outage, is_down) = (fresh_outage(), Arc::new(AtomicBool::new(false)));
    let login = MayBeDown(DevelopmentLogin::new(vec!["developer".to_owned()]), is_down.clone());
    let app = App::on_with_login(outage.store(), login, with_ours);
    let token = refresh_token(&app.tokens("our app", &[]).await);
    let is_503 = async || {
        let told = introspect(&app, &token).await;
        told.assert_error(503, "temporarily_unavailable");
        assert_eq!(told.header("retry-after"), "30");
    };
    is_down.store(true, Ordering::SeqCst);
    is_503().await;
    is_down.store(false, Ordering::SeqCst);
    outage.begin();
    is_503().await;
    outage.end();
    assert!(is_active(&app, &token).await);
}

#[tokio::test]
async fn the_refresh_token_of_a_client_that_describes_itself_is_as_good_as_its_document() {
    let site = Site::open().await;
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    let token = refresh_token(&app.tokens(CLIENT, &[]).await);
    assert!(is_active(&app, &token).await);
    let changes: [fn(&mut Value); 3] = [
        |document| document["redirect_uris"] = json!(["https://app.example/cb"]),
        |document| document["grant_types"] = json!(["authorization_code"]),
        |document| document["token_endpoint_auth_method"] = json!("client_secret_basic"),
    ];
    for change in changes {
        let mut changed = document(CLIENT);
        change(&mut changed);
        site.put(CLIENT, &changed);
        assert!(!is_active(&app, &token).await, "{changed}");
    }
    site.hang_up(CLIENT);
    introspect(&app, &token).await.assert_error(503, "temporarily_unavailable");
    site.put(CLIENT, &document(CLIENT));
    assert!(is_active(&app, &token).await);
    assert_eq!(refresh(&app, CLIENT, &token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_refresh_token_of_a_client_that_lost_its_key_is_not_active() {
    let (old, new, site) = (key(), key(), Site::open().await);
    let app = App::with(|_| (), |options| options.client_documents = site.options());
    site.put(CLIENT, &document_by(&[&old]));
    let code = app.code(CLIENT, &[]).await;
    let assertion = signed(&old, &claims(CLIENT, "code", START));
    let token = refresh_token(&app.token(&with_assertion(&redeem(CLIENT, &code), &assertion)).await.json());
    assert!(is_active(&app, &token).await);
    site.put(CLIENT, &document_by(&[&old, &new]));
    assert!(is_active(&app, &token).await, "it has one more");
    for lost in [document_by(&[&new]), document(CLIENT)] {
        site.put(CLIENT, &lost);
        assert!(!is_active(&app, &token).await, "{lost}");
    }
    site.put(CLIENT, &document_by(&[&old]));
    assert!(is_active(&app, &token).await);
}

/// Another process may know a newer key than those that this one has kept.
#[tokio::test]
async fn the_keys_of_a_client_are_fetched_again_where_the_key_of_its_grant_is_not_among_those_that_are_kept()
{
    const KEYS: &str = "https://client.test/keys.json";
    let (old, new, site) = (key(), key(), Site::open().await);
    let put = |keys: &[&SigningKey]| {
        let set = json!({ "keys": keys.iter().map(|key| key.public_jwk()).collect::<Vec<_>>() });
        let headers = "content-type: application/jwk-set+json\r\ncache-control: max-age=3600";
        site.put_with(KEYS, 200, headers, set.to_string());
    };
    put(&[&old]);
    let mut by_url = document_by(&[]);
    by_url.as_object_mut().unwrap().remove("jwks");
    by_url["jwks_uri"] = json!(KEYS);
    site.put(CLIENT, &by_url);
    let store = fresh_store();
    let [one, other] =
        [(); 2].map(|()| App::on(store.clone(), |_| (), |options| options.client_documents = site.options()));
    let code = one.code(CLIENT, &[]).await;
    let assertion = signed(&old, &claims(CLIENT, "code", START));
    let token = refresh_token(&one.token(&with_assertion(&redeem(CLIENT, &code), &assertion)).await.json());
    assert!(is_active(&other, &token).await, "which keeps the old keys now");
    put(&[&old, &new]);
    let assertion = signed(&new, &claims(CLIENT, "refresh", START));
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    let token = refresh_token(&one.token(&with_assertion(&form, &assertion)).await.json());
    assert!(is_active(&other, &token).await);
    put(&[&old]);
    for app in [&one, &other] {
        assert!(is_active(app, &token).await, "as at the token endpoint, what is kept counts");
    }
}
