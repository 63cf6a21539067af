//! The change of signing keys: what is published and when, what stays good and what does not, here and in another process.

use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::StatusCode;
use mcp_auth_issuer::{KeyChange, KeyRing, KeySource, KeyState, SigningAlgorithm, SigningKey, Store};
use mcp_auth_store::Outage;
use serde_json::{Value, json};

use crate::fresh::fresh_outage;
use crate::harness::*;

const ES256: SigningAlgorithm = SigningAlgorithm::Es256;
const LAG: Duration = Duration::from_secs(5);
const ROBOT: [(&str, &str); 2] = [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it")];

/// What a process has of the keys in this store.
async fn keys(store: &Store) -> KeyRing {
    KeySource::Ephemeral.shared(store, ES256, START).await.unwrap().open(ES256, START).unwrap()
}

/// A process on this store.
fn process(store: &Store, ring: &KeyRing) -> App {
    App::on(store.clone(), |_| (), |options| options.signing_key = KeySource::Ring(ring.clone()))
}

pub(crate) async fn one() -> (App, KeyRing, Outage) {
    let outage = fresh_outage();
    let ring = keys(&outage.store()).await;
    (process(&outage.store(), &ring), ring, outage)
}

async fn token(app: &App) -> String {
    let form = [&ROBOT[..], &[("grant_type", "client_credentials")]].concat();
    app.token(&form).await.json()["access_token"].as_str().unwrap().to_owned()
}

/// What the issuer answers to who asks whether it is good.
async fn introspect(app: &App, token: &str) -> Answer {
    app.post_form("/introspect", &[&ROBOT[..], &[("token", token)]].concat()).await
}

async fn is_good(app: &App, token: &str) -> bool {
    introspect(app, token).await.json()["active"] == true
}

async fn published(app: &App) -> Vec<String> {
    let jwks = app.get("/jwks").await.json();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

fn from(change: KeyChange) -> (String, u64) {
    match change {
        KeyChange::Added(key) => match key.state {
            KeyState::Next { from } => (key.kid, from),
            state => panic!("{state:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_next_key_is_published_before_it_signs_for_as_long_as_others_keep_the_jwks() {
    let (app, ring, _) = one().await;
    let old = kid(&token(&app).await);
    let (new, from) = from(ring.rotate(ES256, LAG, START).await.unwrap());
    let max_age = app.get("/jwks").await.header("cache-control").strip_prefix("max-age=").unwrap().to_owned();
    let longest = max_age.parse::<u64>().unwrap() + LAG.as_secs();
    assert!(from > START + longest, "{from}");
    assert_eq!(published(&app).await, [old.clone(), new.clone()]);
    app.advance(from - START - 1);
    assert_eq!(kid(&token(&app).await), old);
    app.advance(1);
    assert_eq!(kid(&token(&app).await), new);
    assert_eq!(published(&app).await, [new, old]);
}

#[tokio::test]
async fn a_token_of_before_a_rotation_stays_good_until_it_expires_and_then_its_key_leaves() {
    let outage = fresh_outage();
    let ring = keys(&outage.store()).await;
    let longest = |options: &mut mcp_auth_issuer::IssuerOptions| {
        options.signing_key = KeySource::Ring(ring.clone());
        options.access_token_lifetime = Duration::from_secs(3600);
    };
    let app = App::on(outage.store(), |_| (), longest);
    let (new, from) = from(ring.rotate(ES256, LAG, START).await.unwrap());
    app.advance(from - START - 1);
    let last = token(&app).await;
    app.advance(3599);
    assert!(is_good(&app, &last).await, "the last one of the old key, in its last second");
    assert_eq!(app.claims(&last)["sub"], "nightly job");
    // Who allows five minutes for clocks takes it for good so much longer.
    app.advance(1 + 300);
    assert!(published(&app).await.contains(&kid(&last)));
    app.advance(301);
    assert_eq!(published(&app).await, [new]);
    assert!(!is_good(&app, &last).await);
    ring.read(START + 100_000).await.unwrap();
    let kept = outage.store().signing_keys().ring(START).await.unwrap().unwrap();
    assert_eq!(kept.keys().len(), 1, "its private half is gone too");
}

#[tokio::test]
async fn a_key_that_waits_is_not_replaced_by_another_one() {
    let (_, ring, _) = one().await;
    let (new, from) = from(ring.rotate(ES256, LAG, START).await.unwrap());
    let again = ring.rotate(SigningAlgorithm::EdDsa, LAG, from - 1).await.unwrap();
    assert!(matches!(again, KeyChange::Waiting(key) if key.kid == new));
    assert!(matches!(ring.rotate(ES256, LAG, from).await.unwrap(), KeyChange::Added(_)));
}

#[tokio::test]
async fn two_processes_on_one_store_change_together() {
    let store = fresh_outage().store();
    let (first, second) = (keys(&store).await, keys(&store).await);
    let apps = [process(&store, &first), process(&store, &second)];
    let (new, from) = from(first.rotate(ES256, LAG, START).await.unwrap());
    second.read(START + 5).await.unwrap();
    for app in &apps {
        assert!(published(app).await.contains(&new));
        app.advance(from - START);
    }
    let tokens = [token(&apps[0]).await, token(&apps[1]).await];
    for app in &apps {
        for token in &tokens {
            assert_eq!((kid(token), is_good(app, token).await), (new.clone(), true));
        }
    }
}

#[tokio::test]
async fn a_leaked_key_is_refused_at_once_here_and_elsewhere_after_one_read() {
    let store = fresh_outage().store();
    let (first, second) = (keys(&store).await, keys(&store).await);
    let (here, elsewhere) = (process(&store, &first), process(&store, &second));
    let (before, waiting) = (token(&here).await, from(first.rotate(ES256, LAG, START).await.unwrap()).0);
    second.read(START).await.unwrap();
    let leaked = first.current(START);
    let new = first.replace(ES256, START).await.unwrap().kid;
    let forged = leaked.mint(&claims_of(&before)).unwrap();
    for refused in [&before, &forged] {
        assert!(!is_good(&here, refused).await);
    }
    assert_eq!(published(&here).await, std::slice::from_ref(&new), "{waiting} may have leaked too");
    assert!(is_good(&elsewhere, &before).await, "it has not read it yet");
    second.read(START + 5).await.unwrap();
    assert!(!is_good(&elsewhere, &before).await);
    // The twin: the new key signs at once, and is taken by both.
    let fresh = token(&here).await;
    assert_eq!(kid(&fresh), new);
    assert!(is_good(&here, &fresh).await && is_good(&elsewhere, &fresh).await);
}

/// What a token says, whoever signed it.
fn claims_of(token: &str) -> Value {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

#[tokio::test]
async fn a_login_outlives_the_removal_of_all_keys() {
    let (app, ring, _) = one().await;
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    ring.replace(ES256, START).await.unwrap();
    assert!(!is_good(&app, tokens["access_token"].as_str().unwrap()).await);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", refresh)];
    let answer = app.token(&form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(is_good(&app, answer.json()["access_token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn a_key_that_another_process_made_is_read_for_and_an_unknown_one_not_for_each_token() {
    let outage = fresh_outage();
    let store = outage.store();
    let (first, second) = (keys(&store).await, keys(&store).await);
    let (here, elsewhere) = (process(&store, &first), process(&store, &second));
    first.replace(ES256, START).await.unwrap();
    assert!(is_good(&elsewhere, &token(&here).await).await, "it has not read it, and reads it now");
    // What cannot be told now is our trouble, and the store is asked once.
    let (ring, stranger) = (keys(&store).await, SigningKey::generate().unwrap());
    let app = process(&store, &ring);
    let unknown = stranger.mint(&claims_of(&token(&here).await)).unwrap();
    outage.begin();
    for _ in 0..5 {
        introspect(&app, &unknown).await.assert_error(503, "temporarily_unavailable");
    }
    assert_eq!(outage.failed(), 1);
    let other_issuer = stranger.mint(&json!({ "iss": "https://other.example", "sub": "a" })).unwrap();
    assert!(!is_good(&app, &other_issuer).await, "nothing is read for what does not say that it is ours");
    assert_eq!(outage.failed(), 1);
}

#[tokio::test]
async fn where_the_store_is_down_the_last_keys_known_sign_and_are_published() {
    let (app, ring, outage) = one().await;
    let before = token(&app).await;
    outage.begin();
    assert!(ring.read(START).await.is_err());
    assert!(ring.rotate(ES256, LAG, START).await.is_err() && ring.replace(ES256, START).await.is_err());
    assert_eq!(published(&app).await, [kid(&before)]);
    assert_eq!(kid(&token(&app).await), kid(&before));
    app.claims(&before);
}

#[tokio::test]
async fn keys_of_several_algorithms_are_published_each_with_its_own_and_metadata_says_which() {
    let (app, ring, _) = one().await;
    let algorithms = async |app: &App| {
        app.get("/.well-known/openid-configuration").await.json()["id_token_signing_alg_values_supported"]
            .clone()
    };
    assert_eq!(algorithms(&app).await, json!(["ES256"]));
    let mut now = START;
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::EdDsa] {
        let (_, from) = from(ring.rotate(algorithm, LAG, now).await.unwrap());
        app.advance(from - now);
        now = from;
        let token = token(&app).await;
        assert_eq!(jsonwebtoken::decode_header(&token).unwrap().alg, algorithm.name().parse().unwrap());
        app.claims(&token);
        assert!(is_good(&app, &token).await);
        // The key of one algorithm does not sign with another one.
        let key = ring.current(now);
        for other in ["ES256", "RS256", "EdDSA", "HS256", "none"] {
            let header = json!({ "typ": "at+jwt", "alg": other, "kid": key.kid() });
            let forged = key.mint_with_header(&header, &app.claims(&token)).unwrap();
            assert_eq!(is_good(&app, &forged).await, other == algorithm.name(), "{algorithm} as {other}");
        }
    }
    assert_eq!(algorithms(&app).await, json!(["ES256", "EdDSA", "RS256"]));
    assert_eq!(published(&app).await.len(), 3);
}

#[tokio::test]
async fn new_keys_are_of_the_algorithm_that_is_set_and_those_that_are_there_stay() {
    let directory = tempfile::tempdir().unwrap();
    let start = |algorithm| {
        App::with(
            |_| (),
            |options| {
                options.signing_key = KeySource::StateDir(directory.path().to_owned());
                options.signing_alg = algorithm;
            },
        )
    };
    let first = start(SigningAlgorithm::Rs256);
    let by = token(&first).await;
    assert_eq!(jsonwebtoken::decode_header(&by).unwrap().alg, jsonwebtoken::Algorithm::RS256);
    assert_eq!(kid(&token(&start(SigningAlgorithm::EdDsa)).await), kid(&by));
}

#[tokio::test]
async fn keys_in_a_directory_change_for_every_process_that_reads_it() {
    let directory = tempfile::tempdir().unwrap();
    let open = || KeyRing::in_dir(directory.path(), ES256, START).unwrap();
    let (first, second) = (open(), open());
    let app = App::with(|_| (), |options| options.signing_key = KeySource::Ring(second.clone()));
    let before = token(&app).await;
    let (new, from) = from(first.rotate(ES256, LAG, START).await.unwrap());
    second.read(START).await.unwrap();
    assert_eq!(published(&app).await, [kid(&before), new.clone()]);
    assert_eq!(second.current(from).kid(), new);
    let last = first.replace(ES256, START).await.unwrap().kid;
    second.read(START).await.unwrap();
    assert_eq!(published(&app).await, [last]);
    assert!(!is_good(&app, &before).await);
    std::fs::remove_dir_all(directory.path()).unwrap();
    assert!(second.read(START).await.is_err());
    assert!(is_good(&app, &token(&app).await).await, "what was known stays known");
}

#[tokio::test]
async fn a_key_that_is_kept_nowhere_is_not_rotated() {
    let ring = KeyRing::of(&SigningKey::generate().unwrap()).unwrap();
    ring.read(START).await.unwrap();
    for refused in [ring.rotate(ES256, LAG, START).await.err(), ring.replace(ES256, START).await.err()] {
        assert!(refused.unwrap().to_string().contains("there is nothing to rotate"));
    }
}

#[tokio::test]
async fn debug_shows_nothing_secret_of_keys() {
    let (_, ring, outage) = one().await;
    let kept = outage.store().signing_keys().ring(START).await.unwrap().unwrap();
    let shown = format!("{ring:?} {:?} {kept:?} {:?}", ring.listed(START), KeySource::Ring(ring.clone()));
    assert!(shown.contains(ring.current(START).kid()) && shown.contains("***"), "{shown}");
    let numbers = format!("{:?}", kept.keys()[0].private);
    assert!(!shown.contains(&numbers[1..numbers.len() - 1]));
}
