//! Whose a credential is: the first verifier that claims it judges it, and no other one sees it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use super::support::{FakeClock, NOW, ambient};
use crate::authn::error::TokenError;
use crate::authn::principal::{Facts, Via};
use crate::authn::verifier::{Basis, Verified, VerifyFuture};
use crate::authn::{Authenticator, AuthnError, CacheBounds, Credential, Verify};

/// Knows every credential that begins as it says, and remembers what it saw.
struct Prefixed {
    prefix: &'static str,
    until: u64,
    generation: AtomicUsize,
    seen: Mutex<Vec<String>>,
}

impl Prefixed {
    fn new(prefix: &'static str, until: u64) -> Arc<Self> {
        Arc::new(Self { prefix, until, generation: AtomicUsize::new(0), seen: Mutex::default() })
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Verify for Prefixed {
    fn via(&self) -> Via {
        Via::Jwt
    }

    fn claims_it(&self, presented: &str) -> bool {
        presented.starts_with(self.prefix)
    }

    fn verify<'a>(&'a self, presented: &'a str) -> VerifyFuture<'a> {
        self.seen.lock().unwrap().push(presented.to_owned());
        let facts = Facts::of(self.prefix.into(), presented);
        let basis = Basis { source: 0, generation: self.generation.load(Ordering::SeqCst) as u64 };
        let until = self.until;
        Box::pin(async move {
            match facts.subject.ends_with("bad") {
                true => Err(TokenError::Signature),
                false => {
                    Ok(Verified { facts, believed_until: until, basis, withdrawn: CancellationToken::new() })
                }
            }
        })
    }

    fn still_stands(&self, basis: Basis) -> bool {
        basis.generation == self.generation.load(Ordering::SeqCst) as u64
    }
}

fn of(verifiers: &[&Arc<Prefixed>]) -> (Authenticator, Arc<FakeClock>) {
    let (ambient, clock) = ambient();
    let verifiers = verifiers.iter().map(|v| Arc::clone(v) as Arc<dyn Verify>).collect();
    (Authenticator::new(verifiers, ambient.clock, CacheBounds::default()), clock)
}

async fn issuer_of(authenticator: &Authenticator, presented: &str) -> Result<String, AuthnError> {
    let identity = authenticator.authenticate(Credential::Bearer(presented)).await?;
    Ok(identity.principal().unwrap().issuer().to_owned())
}

#[tokio::test]
async fn the_first_verifier_that_claims_a_credential_is_the_only_one_that_sees_it() {
    let (keys, tokens) = (Prefixed::new("key_", NOW + 60), Prefixed::new("", NOW + 60));
    let (authenticator, _) = of(&[&keys, &tokens]);
    assert_eq!(issuer_of(&authenticator, "key_1").await.unwrap(), "key_");
    assert_eq!(issuer_of(&authenticator, "other").await.unwrap(), "");
    let refused = issuer_of(&authenticator, "key_bad").await.unwrap_err();
    assert!(matches!(refused, AuthnError::Token(TokenError::Signature)), "no other one is asked: {refused}");
    assert_eq!((keys.seen(), tokens.seen()), (vec!["key_1".into(), "key_bad".into()], vec!["other".into()]));
}

#[tokio::test]
async fn a_credential_that_none_claims_is_refused_and_goes_nowhere() {
    let keys = Prefixed::new("key_", NOW + 60);
    let (authenticator, _) = of(&[&keys]);
    for unclaimed in ["eyJhbGciOiJFUzI1NiJ9.e30.AA", "KEY_1", ""] {
        let refused = issuer_of(&authenticator, unclaimed).await.unwrap_err();
        assert!(matches!(refused, AuthnError::Token(TokenError::Unclaimed)), "{unclaimed}: {refused}");
    }
    assert!(keys.seen().is_empty());
    assert!(matches!(of(&[]).0.authenticate(Credential::Bearer("x")).await, Err(AuthnError::Token(_))));
}

#[tokio::test]
async fn without_a_credential_the_caller_is_anonymous_and_no_verifier_is_asked() {
    let all = Prefixed::new("", NOW + 60);
    let (authenticator, _) = of(&[&all]);
    assert!(authenticator.authenticate(Credential::None).await.unwrap().is_anonymous());
    assert!(all.seen().is_empty());
}

#[tokio::test]
async fn a_verdict_is_believed_as_long_as_its_verifier_says_and_while_its_basis_stands() {
    let all = Prefixed::new("", NOW + 10);
    let (authenticator, clock) = of(&[&all]);
    for _ in 0..2 {
        issuer_of(&authenticator, "a").await.unwrap();
    }
    assert_eq!(all.seen().len(), 1, "remembered");
    all.generation.store(1, Ordering::SeqCst);
    issuer_of(&authenticator, "a").await.unwrap();
    assert_eq!(all.seen().len(), 2, "its basis is gone");
    clock.set(NOW + 10);
    issuer_of(&authenticator, "a").await.unwrap();
    assert_eq!(all.seen().len(), 3, "it is no longer believed");
}

#[tokio::test]
async fn a_credential_past_16_kib_is_refused_before_any_verifier_is_asked() {
    let all = Prefixed::new("", NOW + 60);
    let (authenticator, _) = of(&[&all]);
    assert!(issuer_of(&authenticator, &"x".repeat(16 * 1024)).await.is_ok());
    let refused = issuer_of(&authenticator, &"x".repeat(16 * 1024 + 1)).await.unwrap_err();
    assert!(matches!(refused, AuthnError::Token(TokenError::TooLong { .. })));
    assert_eq!(all.seen().len(), 1);
}
