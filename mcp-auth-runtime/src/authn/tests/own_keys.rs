//! The keys of an issuer in this process, which change while it runs: through the whole authenticator.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::support::{FakeFetch, ISSUER, Signer, US, ambient, claims, ed, other_p256, p256, rsa};
use crate::authn::error::TokenError;
use crate::authn::verifier::jwt::issuer::KeyRefresh;
use crate::authn::{
    Authenticator, AuthnError, CacheBounds, Credential, Fetch, Identity, IssuerRules, JwtVerifier, KeySource,
    KnownKeys, OwnKeys, Principal, ReadingKeys,
};

const LAG: Duration = Duration::from_secs(5);
const STALE: Duration = Duration::from_secs(60);

/// An issuer whose keys a test changes: at once, or elsewhere, so that they have to be read.
#[derive(Debug)]
struct Issuer {
    known: RwLock<Arc<KnownKeys>>,
    /// What is read next; `None`: it cannot be read.
    elsewhere: Mutex<Option<Arc<KnownKeys>>>,
    reads: AtomicUsize,
}

impl OwnKeys for Issuer {
    fn known(&self) -> Arc<KnownKeys> {
        self.known.read().unwrap().clone()
    }

    fn read(&self) -> ReadingKeys<'_> {
        Box::pin(async {
            self.reads.fetch_add(1, Ordering::SeqCst);
            let elsewhere = self.elsewhere.lock().unwrap().clone().ok_or("the store is down")?;
            *self.known.write().unwrap() = elsewhere;
            Ok(())
        })
    }
}

impl Issuer {
    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    fn changes_here(&self, keys: &Arc<KnownKeys>) {
        self.changes_elsewhere(keys);
        *self.known.write().unwrap() = Arc::clone(keys);
    }

    fn changes_elsewhere(&self, keys: &Arc<KnownKeys>) {
        *self.elsewhere.lock().unwrap() = Some(Arc::clone(keys));
    }

    fn cannot_be_read(&self) {
        *self.elsewhere.lock().unwrap() = None;
    }
}

fn keys(keys: &[(&Signer, &str, &str)], withdrawn: u64) -> Arc<KnownKeys> {
    let jwk = |(signer, kid, alg): &(&Signer, &str, &str)| {
        let mut jwk = signer.jwk(kid);
        jwk["alg"] = (*alg).into();
        jwk
    };
    let jwks = json!({ "keys": keys.iter().map(jwk).collect::<Vec<Value>>() });
    Arc::new(KnownKeys { jwks, withdrawn })
}

fn old() -> Arc<KnownKeys> {
    keys(&[(p256(), "old", "ES256")], 0)
}

fn new_after_leak() -> Arc<KnownKeys> {
    keys(&[(other_p256(), "new", "ES256")], 1)
}

fn token(signer: &Signer, alg: &str, kid: &str) -> String {
    signer.token(&json!({ "alg": alg, "kid": kid, "typ": "at+jwt" }), &claims(&json!({})))
}

/// The same one each time: what is remembered is this one and no other that says the same.
fn by_old() -> String {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| token(p256(), "ES256", "old")).clone()
}

fn by_new() -> String {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| token(other_p256(), "ES256", "new")).clone()
}

struct Bench {
    authenticator: Authenticator,
    issuer: Arc<Issuer>,
}

impl Bench {
    fn new() -> Self {
        let issuer = Arc::new(Issuer {
            known: RwLock::new(old()),
            elsewhere: Mutex::new(Some(old())),
            reads: AtomicUsize::new(0),
        });
        let source = KeySource::Own(Arc::clone(&issuer) as Arc<dyn OwnKeys>);
        let mut rules = IssuerRules::new(ISSUER.parse().unwrap(), vec![US.into()], source);
        rules.require_at_jwt = true;
        rules.refresh =
            KeyRefresh { min: LAG, max: LAG, cooldown: LAG, keep: STALE, ..KeyRefresh::default() };
        let (ambient, _) = ambient();
        let time = Arc::clone(&ambient.clock);
        let fetch = Arc::new(FakeFetch::default()) as Arc<dyn Fetch>;
        let verifier = JwtVerifier::new(vec![rules], fetch, ambient).unwrap();
        let authenticator = Authenticator::new(vec![Arc::new(verifier)], time, CacheBounds::default());
        Self { authenticator, issuer }
    }

    fn started() -> (Self, CancellationToken) {
        let (bench, stop) = (Self::new(), CancellationToken::new());
        bench.authenticator.start(stop.clone());
        (bench, stop)
    }

    async fn verify(&self, token: &str) -> Result<Arc<Principal>, TokenError> {
        match self.authenticator.authenticate(Credential::Bearer(token)).await {
            Ok(Identity::Known(principal)) => Ok(principal),
            Err(AuthnError::Token(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }
}

async fn is_withdrawn(principal: &Principal) -> bool {
    timeout(Duration::from_millis(1), principal.withdrawn()).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_key_is_refused_at_once_here_with_all_that_was_remembered_of_it() {
    let bench = Bench::new();
    let holder = bench.verify(&by_old()).await.unwrap();
    assert!(bench.authenticator.remembers(&by_old()).is_some());
    bench.issuer.changes_here(&new_after_leak());
    assert!(bench.authenticator.remembers(&by_old()).is_none());
    assert!(matches!(bench.verify(&by_old()).await, Err(TokenError::UnknownKey)));
    assert!(is_withdrawn(&holder).await, "what its holder has open ends");
    // The twin: what the new key signs is good.
    let holder = bench.verify(&by_new()).await.unwrap();
    assert!(!is_withdrawn(&holder).await);
}

#[tokio::test(start_paused = true)]
async fn a_key_withdrawn_elsewhere_is_refused_after_one_read() {
    let (bench, _stop) = Bench::started();
    let holder = bench.verify(&by_old()).await.unwrap();
    bench.issuer.changes_elsewhere(&new_after_leak());
    sleep(LAG + Duration::from_secs(1)).await;
    assert!(is_withdrawn(&holder).await);
    assert!(bench.verify(&by_old()).await.is_err());
    assert!(bench.verify(&by_new()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_comes_or_whose_time_is_over_takes_nothing_along() {
    let bench = Bench::new();
    let holder = bench.verify(&by_old()).await.unwrap();
    let both = keys(&[(p256(), "old", "ES256"), (other_p256(), "new", "ES256")], 0);
    bench.issuer.changes_here(&both);
    assert!(bench.authenticator.remembers(&by_old()).is_some());
    assert!(bench.verify(&by_new()).await.is_ok());
    bench.issuer.changes_here(&keys(&[(other_p256(), "new", "ES256")], 0));
    assert!(bench.authenticator.remembers(&by_new()).is_some());
    assert!(!is_withdrawn(&holder).await);
    let another = p256().token(
        &json!({ "alg": "ES256", "kid": "old", "typ": "at+jwt" }),
        &claims(&json!({ "jti": "another" })),
    );
    assert!(
        bench.verify(&another).await.is_err(),
        "what is not remembered is not good by a key that is gone"
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_known_is_read_for_once_and_not_for_each_token() {
    let bench = Bench::new();
    bench.issuer.changes_elsewhere(&keys(&[(p256(), "old", "ES256"), (other_p256(), "new", "ES256")], 0));
    assert!(bench.verify(&by_new()).await.is_ok(), "another process signs with it already");
    assert_eq!(bench.issuer.reads(), 1);
    for n in 0..100 {
        let unknown = token(p256(), "ES256", &format!("unknown {n}"));
        assert!(matches!(bench.verify(&unknown).await, Err(TokenError::UnknownKey)));
    }
    assert_eq!(bench.issuer.reads(), 1);
    sleep(LAG).await;
    assert!(bench.verify(&token(p256(), "ES256", "again")).await.is_err());
    assert_eq!(bench.issuer.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn t17_keys_of_several_algorithms_verify_each_its_own_alone() {
    let bench = Bench::new();
    let each = [(p256(), "es", "ES256"), (rsa(), "rs", "RS256"), (ed(), "ed", "EdDSA")];
    bench.issuer.changes_here(&keys(&each, 0));
    for (signer, kid, alg) in each {
        assert!(bench.verify(&token(signer, alg, kid)).await.is_ok(), "{alg}");
        for (_, other, _) in each.iter().filter(|(_, other, _)| *other != kid) {
            assert!(bench.verify(&token(signer, alg, other)).await.is_err(), "{alg} by the name of {other}");
        }
    }
    for other in ["PS256", "RS512"] {
        assert!(
            matches!(bench.verify(&token(rsa(), other, "rs")).await, Err(TokenError::Algorithm)),
            "{other}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn where_keys_cannot_be_read_known_ones_verify_until_they_are_too_old_and_then_it_is_503() {
    let (bench, _stop) = Bench::started();
    sleep(Duration::from_secs(1)).await;
    bench.issuer.cannot_be_read();
    sleep(STALE - LAG).await;
    assert!(bench.verify(&by_old()).await.is_ok());
    let reads = bench.issuer.reads();
    sleep(LAG * 2).await;
    let another = p256().token(
        &json!({ "alg": "ES256", "kid": "old", "typ": "at+jwt" }),
        &claims(&json!({ "jti": "another" })),
    );
    assert!(matches!(bench.verify(&another).await, Err(TokenError::KeysUnavailable { .. })));
    assert!(bench.issuer.reads() > reads, "it is tried again at the same pace");
    bench.issuer.changes_elsewhere(&old());
    sleep(LAG * 2).await;
    assert!(bench.verify(&another).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_our_trouble_while_keys_cannot_be_read() {
    let bench = Bench::new();
    bench.issuer.cannot_be_read();
    assert!(matches!(bench.verify(&by_new()).await, Err(TokenError::KeysUnavailable { .. })));
    assert!(bench.verify(&by_old()).await.is_ok());
}
