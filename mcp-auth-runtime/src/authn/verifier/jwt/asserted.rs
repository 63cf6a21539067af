//! An issuer whose assertions stand for a grant at the built-in issuer (RFC 7523 §2.1). Its keys are fetched and its claims checked as those of
//! an issuer of access tokens are; what an assertion means is for the built-in issuer to say.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::{Ambient, Clock};
use mcp_auth_core::{IssuerIdentifier, ScopeSet};
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::foreign::UnverifiedJwt;
use super::issuer::{IssuerRules, KeyRefresh, KeySource};
use super::keys::IssuerKeys;
use super::verifier::JwtVerifierError;
use crate::authn::Fault;
use crate::authn::error::TokenError;
use crate::authn::fetch::Fetch;

/// An issuer whose assertions are taken.
pub struct AssertionIssuer {
    keys: Arc<IssuerKeys>,
    clock: Arc<dyn Clock>,
}

/// What an assertion says that was signed by its issuer, for us alone, and is in time (RFC 7523 §3).
#[derive(Debug, Clone)]
pub struct Assertion {
    /// Its `sub`: unique only within its issuer.
    pub subject: String,
    /// The scopes in its `scope`.
    pub scopes: ScopeSet,
    /// When it ends, in Unix seconds, with the skew that clocks are allowed.
    pub ends_at: u64,
    /// Every claim.
    pub claims: Map<String, Value>,
}

/// Why an assertion is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAsserted {
    /// It is not good.
    #[error("the assertion is refused: {0}")]
    Invalid(#[source] TokenError),
    /// Whether it is good cannot be told now.
    #[error("the keys of the assertion's issuer are unavailable")]
    Unavailable(#[source] TokenError),
}

impl From<TokenError> for NotAsserted {
    fn from(error: TokenError) -> Self {
        match error.fault() {
            Fault::Unavailable { .. } => Self::Unavailable(error),
            Fault::InvalidRequest | Fault::InvalidToken | Fault::InvalidProof { .. } => Self::Invalid(error),
        }
    }
}

impl AssertionIssuer {
    /// Assertions of `issuer` for `audience`, which is our issuer identifier, that live at most `longest`. Fetches nothing yet.
    ///
    /// # Errors
    /// A URL that may not be asked, or keys that cannot be used.
    pub fn new(
        issuer: IssuerIdentifier,
        audience: String,
        keys: KeySource,
        longest: Duration,
        fetch: Arc<dyn Fetch>,
        ambient: &Ambient,
    ) -> Result<Self, JwtVerifierError> {
        let name = issuer.to_string();
        let mut rules = IssuerRules::new(issuer, vec![audience], keys);
        rules.algorithms = Some(Algorithm::OF_ASSERTIONS.to_vec());
        rules.tokens.single_audience = true;
        rules.tokens.max_token_lifetime = longest;
        // Nothing fetches them in the background, so a key that the issuer took away is forgotten by its age.
        rules.refresh = KeyRefresh { keep: rules.refresh.max, ..rules.refresh };
        let named = |cause| JwtVerifierError::Rules { issuer: name.clone(), cause };
        rules.check().map_err(named)?;
        let keys = IssuerKeys::new(rules, fetch, ambient.clone())
            .map_err(|cause| JwtVerifierError::StaticKeys { issuer: name, cause })?;
        Ok(Self { keys: Arc::new(keys), clock: Arc::clone(&ambient.clock) })
    }

    /// Verifies the signature, and that it names this issuer and us alone, and is in time.
    ///
    /// Waits only where keys have to be fetched.
    ///
    /// # Errors
    /// [`NotAsserted`].
    pub async fn verify(&self, jwt: &UnverifiedJwt<'_>) -> Result<Assertion, NotAsserted> {
        let rules = &self.keys.rules;
        let [named] = rules.accepted.as_slice() else {
            return Err(TokenError::MissingClaim("iss").into());
        };
        let claims = jwt.unverified_claims();
        if claims.get("iss").and_then(Value::as_str) != Some(&named.iss) {
            return Err(TokenError::MissingClaim("iss").into());
        }
        if !rules.may_use(jwt.algorithm()) {
            return Err(TokenError::Algorithm.into());
        }
        self.keys.verify(&jwt.as_jws(), named).await?;
        let facts = named.check(&rules.tokens, claims.clone(), self.clock.unix_now())?;
        let skew = rules.tokens.clock_skew.as_secs();
        let ends_at = facts.expires_at.ok_or(TokenError::MissingClaim("exp"))?.saturating_add(skew);
        Ok(Assertion { subject: facts.subject, scopes: facts.held.scopes, ends_at, claims: claims.clone() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authn::tests::support::{FakeFetch, ISSUER, JWKS, NOW, Signer, ambient, other_p256, p256};

    const OURS: &str = "https://issuer.example";

    fn issuer(keys: KeySource) -> (AssertionIssuer, Arc<FakeFetch>) {
        let (fetch, longest) = (Arc::new(FakeFetch::default()), Duration::from_secs(300));
        let fetching = Arc::clone(&fetch) as Arc<dyn Fetch>;
        let issuer =
            AssertionIssuer::new(ISSUER.parse().unwrap(), OURS.into(), keys, longest, fetching, &ambient().0);
        (issuer.unwrap(), fetch)
    }

    #[test]
    fn an_issuer_of_assertions_and_its_keys_are_at_https_or_on_loopback() {
        let takes = |issuer: &str, keys: &str| {
            let (fetch, longest) = (Arc::new(FakeFetch::default()), Duration::from_secs(300));
            let (issuer, keys) = (issuer.parse().unwrap(), KeySource::JwksUri(keys.parse().unwrap()));
            AssertionIssuer::new(issuer, OURS.into(), keys, longest, fetch as Arc<dyn Fetch>, &ambient().0)
                .is_ok()
        };
        assert!(takes("https://idp.example", "https://idp.example/keys"));
        assert!(takes("http://127.0.0.1:9", "http://127.0.0.1:9/keys"));
        assert!(!takes("https://idp.example", "http://idp.example/keys"));
        assert!(!takes("http://idp.example", "https://idp.example/keys"));
    }

    fn good() -> Value {
        json!({ "iss": ISSUER, "sub": "ann", "aud": OURS, "iat": NOW, "exp": NOW + 300 })
    }

    async fn verify(
        issuer: &AssertionIssuer,
        signer: &Signer,
        claims: &Value,
    ) -> Result<Assertion, NotAsserted> {
        let text = signer.token(&json!({ "alg": "ES256", "kid": "a" }), claims);
        issuer.verify(&UnverifiedJwt::parse(&text, 8192).unwrap()).await
    }

    #[tokio::test]
    async fn an_assertion_is_signed_by_its_issuer_for_us_alone_and_in_time() {
        let (issuer, _) = issuer(KeySource::Static(json!({ "keys": [p256().jwk("a")] })));
        let assertion = verify(&issuer, p256(), &good()).await.unwrap();
        assert_eq!((&*assertion.subject, assertion.ends_at), ("ann", NOW + 330));
        let alone = verify(&issuer, p256(), &with("aud", json!([OURS]))).await;
        assert!(alone.is_ok(), "a list of one is one");
        let forged = verify(&issuer, other_p256(), &good()).await;
        assert!(matches!(forged, Err(NotAsserted::Invalid(TokenError::Signature))), "{forged:?}");
        for (claim, value) in [
            ("iss", json!("https://other.example")),
            ("iss", json!([ISSUER])),
            ("aud", json!("https://issuer.example/token")),
            ("aud", json!([OURS, "https://other.example"])),
            ("aud", json!([])),
            ("aud", json!(null)),
            ("sub", json!("")),
            ("sub", json!(5)),
            ("exp", json!(NOW - 31)),
            ("exp", json!(NOW + 301)),
            ("exp", json!(null)),
            ("iat", json!(NOW + 31)),
            ("nbf", json!(NOW + 31)),
            ("at_hash", json!("x")),
            ("act", json!("x")),
        ] {
            let refused = verify(&issuer, p256(), &with(claim, value.clone())).await;
            assert!(matches!(refused, Err(NotAsserted::Invalid(_))), "{claim} {value}: {refused:?}");
        }
    }

    fn with(claim: &str, value: Value) -> Value {
        let mut claims = good();
        claims[claim] = value;
        claims
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_cannot_be_fetched_are_our_trouble_and_old_ones_are_forgotten() {
        let (issuer, fetch) = issuer(KeySource::JwksUri(JWKS.parse().unwrap()));
        let down = verify(&issuer, p256(), &good()).await;
        assert!(matches!(down, Err(NotAsserted::Unavailable(_))), "{down:?}");
        fetch.publish(&[p256().jwk("a")]);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(verify(&issuer, p256(), &good()).await.is_ok());
        fetch.publish(&[other_p256().jwk("b")]);
        tokio::time::sleep(KeyRefresh::default().max).await;
        let gone = verify(&issuer, p256(), &good()).await;
        assert!(matches!(gone, Err(NotAsserted::Invalid(TokenError::UnknownKey))), "{gone:?}");
    }
}
