//! Which keys are accepted, and that a key is judged by no other verifier and a token by no verifier of keys.

use std::sync::Arc;

use mcp_auth_core::ambient::{Random, SystemRandom};
use mcp_auth_core::{ApiKey, ScopeSet};

use super::{API_KEY_ISSUER, ApiKeyDigest, ApiKeyError, ApiKeyRules, ApiKeyVerifier, InvalidDigest};
use crate::authn::error::{AuthnError, TokenError};
use crate::authn::principal::{Facts, Held, Via};
use crate::authn::tests::support::{FakeClock, NOW, ambient};
use crate::authn::verifier::{Basis, Verified, VerifyFuture};
use crate::authn::{Authenticator, CacheBounds, Credential, Identity, Sender, Verify};

fn key() -> ApiKey {
    ApiKey::make(&SystemRandom)
}

fn rules(name: &str, keys: &[&ApiKey]) -> ApiKeyRules {
    ApiKeyRules {
        name: name.to_owned(),
        digests: keys.iter().map(|key| ApiKeyDigest::of(key)).collect(),
        held: Held {
            scopes: ScopeSet::parse_lossy("read"),
            roles: ["viewer".parse().unwrap()].into_iter().collect(),
            is_fixed: true,
            login: None,
        },
        expires_at: None,
        allowed_addresses: None,
    }
}

/// Takes every credential, as the verifier of signed tokens does, and refuses it.
#[derive(Default)]
struct Everything(std::sync::Mutex<Vec<String>>);

impl Verify for Everything {
    fn via(&self) -> Via {
        Via::Jwt
    }
    fn claims_it(&self, _: &str) -> bool {
        true
    }
    fn verify<'a>(&'a self, presented: &'a str) -> VerifyFuture<'a> {
        self.0.lock().unwrap().push(presented.to_owned());
        let facts = Facts::of("https://as.example".into(), "alice");
        Box::pin(std::future::ready(Ok(Verified {
            facts,
            believed_until: NOW + 60,
            basis: Basis::default(),
            withdrawn: Default::default(),
        })))
    }
}

struct Tried {
    authenticator: Authenticator,
    others: Arc<Everything>,
    clock: Arc<FakeClock>,
}

fn accepting(keys: Vec<ApiKeyRules>) -> Tried {
    let (ambient, clock) = ambient();
    let others = Arc::new(Everything::default());
    let keys = ApiKeyVerifier::new(keys, Arc::clone(&ambient.clock));
    let verifiers: Vec<Arc<dyn Verify>> = vec![Arc::new(keys), Arc::clone(&others) as _];
    Tried {
        authenticator: Authenticator::new(verifiers, ambient.clock, CacheBounds::default()),
        others,
        clock,
    }
}

impl Tried {
    async fn bearer(&self, text: &str) -> Result<Identity, AuthnError> {
        self.authenticator.authenticate(Credential::Bearer(text)).await
    }

    async fn refused(&self, text: &str) -> ApiKeyError {
        match self.bearer(text).await {
            Err(AuthnError::Token(TokenError::ApiKey(error))) => error,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_bearer_of_a_key_is_a_client_by_its_name_with_what_the_block_gives() {
    let (one, other) = (key(), key());
    let tried = accepting(vec![rules("other", &[&other]), rules("ci", &[&one])]);
    let identity = tried.bearer(one.expose()).await.unwrap();
    let principal = identity.principal().unwrap();
    assert_eq!((principal.issuer(), principal.subject()), (API_KEY_ISSUER, "ci"));
    assert_eq!((principal.via(), principal.via().as_str()), (&Via::ApiKey, "api-key"));
    assert!(principal.is_client() && !principal.is_local() && principal.claims().is_empty());
    assert_eq!((principal.client_id(), principal.expires_at()), (None, None));
    assert_eq!(
        (principal.scopes().to_string(), principal.roles().to_string()),
        ("read".into(), "viewer".into())
    );
    assert_eq!(tried.bearer(other.expose()).await.unwrap().principal().unwrap().subject(), "other");
}

#[tokio::test]
async fn either_of_two_digests_is_the_same_caller_so_that_a_key_is_changed_without_a_new_identity() {
    let (old, new, neither) = (key(), key(), key());
    let tried = accepting(vec![rules("ci", &[&old, &new])]);
    let id = |identity: Identity| identity.caller(&Default::default()).unwrap().id();
    let (by_old, by_new) =
        (tried.bearer(old.expose()).await.unwrap(), tried.bearer(new.expose()).await.unwrap());
    assert_eq!(id(by_old), id(by_new));
    assert_eq!(tried.refused(neither.expose()).await, ApiKeyError::Unknown);
}

#[tokio::test]
async fn t60_a_key_is_judged_by_no_other_verifier_known_or_not_and_a_token_never_as_a_key() {
    let known = key();
    let tried = accepting(vec![rules("ci", &[&known])]);
    assert!(tried.bearer(known.expose()).await.is_ok());
    let unknown = key();
    assert_eq!(tried.refused(unknown.expose()).await, ApiKeyError::Unknown);
    let behind = ["apikey/", "-", "_", "x", "a.b."].map(|before| format!("{before}{}", known.expose()));
    let mistyped = [&known.expose()[..53], &known.expose().to_uppercase(), "mcpk_", "MCPK_x.y.z"];
    for mistyped in mistyped.into_iter().chain(behind.iter().map(String::as_str)) {
        assert!(matches!(tried.refused(mistyped).await, ApiKeyError::Malformed(_)), "{mistyped}");
    }
    assert!(tried.others.0.lock().unwrap().is_empty(), "no key was seen by another verifier");

    let chance = format!("eyJhbGciOiJFUzI1NiJ9.e30.{}", unknown.expose());
    assert_eq!(tried.bearer(&chance).await.unwrap().principal().unwrap().subject(), "alice");
    tried.others.0.lock().unwrap().clear();
    let token = "eyJhbGciOiJFUzI1NiJ9.e30.AA";
    assert_eq!(tried.bearer(token).await.unwrap().principal().unwrap().subject(), "alice");
    for _ in 0..2 {
        // Not even a token that was verified a moment ago.
        let refused = tried.authenticator.authenticate(Credential::ApiKey(token)).await;
        assert!(matches!(refused, Err(AuthnError::Token(TokenError::ApiKey(ApiKeyError::Malformed(_))))));
    }
    assert_eq!(*tried.others.0.lock().unwrap(), [token]);
}

#[tokio::test]
async fn without_any_key_what_bears_the_prefix_still_goes_nowhere() {
    let tried = accepting(Vec::new());
    assert_eq!(tried.refused(key().expose()).await, ApiKeyError::Unknown);
    assert!(tried.others.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_key_is_refused_from_the_second_that_it_expires_also_where_it_is_remembered() {
    let key = key();
    let tried = accepting(vec![ApiKeyRules { expires_at: Some(NOW + 10), ..rules("ci", &[&key]) }]);
    assert_eq!(tried.bearer(key.expose()).await.unwrap().expires_at(), Some(NOW + 10));
    tried.clock.set(NOW + 9);
    assert!(tried.bearer(key.expose()).await.is_ok());
    tried.clock.set(NOW + 10);
    assert_eq!(
        tried.refused(key.expose()).await,
        ApiKeyError::Expired { name: "ci".to_owned(), ago_secs: 0, for_addresses: false }
    );
    assert_eq!(tried.refused(key.expose()).await.description(), "the API key expired");
}

#[tokio::test]
async fn an_expired_key_for_certain_addresses_is_answered_as_one_that_never_was() {
    let key = key();
    let allowed = Some(["10.0.0.0/8".parse().unwrap()].into());
    let tried = accepting(vec![ApiKeyRules {
        allowed_addresses: allowed,
        expires_at: Some(NOW),
        ..rules("ci", &[&key])
    }]);
    for from in [Some("11.0.0.1"), Some("10.0.0.1"), None] {
        let from = from.map(|from| from.parse().unwrap());
        let credential = Credential::ApiKey(key.expose());
        let refused = tried.authenticator.authenticate_from(credential, &Sender::at(from)).await.unwrap_err();
        assert_eq!(
            refused.description(),
            AuthnError::from(TokenError::from(ApiKeyError::Unknown)).description()
        );
        assert!(refused.detail().unwrap().contains("`ci`"), "the log says which");
    }
}

#[tokio::test]
async fn a_key_for_certain_addresses_is_refused_from_others_also_where_it_is_remembered() {
    let key = key();
    let allowed = Some(["10.0.0.0/8".parse().unwrap()].into());
    let tried = accepting(vec![ApiKeyRules { allowed_addresses: allowed, ..rules("ci", &[&key]) }]);
    let from = async |address: &str| {
        let credential = Credential::ApiKey(key.expose());
        tried.authenticator.authenticate_from(credential, &Sender::at(Some(address.parse().unwrap()))).await
    };
    assert!(from("10.9.9.9").await.is_ok());
    let refused = from("11.0.0.1").await.unwrap_err();
    assert_eq!(
        refused.detail().unwrap(),
        "API key `ci` may not be used from 11.0.0.1, by its allowed_addresses"
    );
    assert_eq!(refused.description(), AuthnError::from(TokenError::from(ApiKeyError::Unknown)).description());
    assert!(matches!(tried.refused(key.expose()).await, ApiKeyError::Address { from: None, .. }));
    assert!(from("10.0.0.1").await.is_ok(), "and no one is locked out by it");
}

#[test]
fn a_digest_is_what_sha256sum_prints_of_the_whole_key() {
    struct Zeros;
    impl Random for Zeros {
        fn fill(&self, out: &mut [u8]) {
            out.fill(0);
        }
    }
    let key = ApiKey::make(&Zeros);
    let digest = ApiKeyDigest::of(&key);
    let written = digest.to_string();
    assert!(written.starts_with("sha256:") && written.len() == 71, "{written}");
    let by_the_store = mcp_auth_store::SecretHash::of(key.expose());
    let hex: String = by_the_store.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(written, format!("sha256:{hex}"));
    assert_eq!(written.parse(), Ok(digest));
    assert_eq!(key.expose().parse::<ApiKeyDigest>(), Err(InvalidDigest::IsKey));
    for bad in
        [&written[..70], &written.to_uppercase(), &written.replace("sha256:", ""), &format!("{written}0"), ""]
    {
        assert_eq!(bad.parse::<ApiKeyDigest>(), Err(InvalidDigest::Malformed), "{bad}");
    }
}

#[test]
fn nothing_that_is_shown_holds_a_key_or_its_digest() {
    let key = key();
    let digest = ApiKeyDigest::of(&key).to_string();
    let rules = rules("ci", &[&key]);
    let shown = format!("{rules:?} {:?}", ApiKeyVerifier::new(vec![rules.clone()], ambient().0.clock));
    assert!(
        shown.contains("ci") && !shown.contains(&digest[7..]) && !shown.contains(&key.expose()[5..]),
        "{shown}"
    );
}
