//! Which of the configured keys a key is.

use std::fmt;
use std::sync::Arc;

use mcp_auth_core::ApiKey;
use mcp_auth_core::ambient::Clock;
use tokio_util::sync::CancellationToken;

use super::digest::ApiKeyDigest;
use super::error::ApiKeyError;
use super::keys::{API_KEY_ISSUER, ApiKeyRules};
use crate::authn::confirmation::Confirmation;
use crate::authn::error::TokenError;
use crate::authn::principal::{Facts, Via};
use crate::authn::verifier::{Basis, Foreseen, Verified, Verify, VerifyFuture};

/// Verifies API keys by their digests. It sends nothing anywhere.
pub struct ApiKeyVerifier {
    issuer: Arc<str>,
    keys: Vec<ApiKeyRules>,
    clock: Arc<dyn Clock>,
}

impl ApiKeyVerifier {
    /// One that accepts `keys`. Without any it accepts none, and still keeps what is meant as a key from the verifiers
    /// after it.
    pub fn new(keys: Vec<ApiKeyRules>, clock: Arc<dyn Clock>) -> Self {
        Self { issuer: Arc::from(API_KEY_ISSUER), keys, clock }
    }

    fn check(&self, presented: &str) -> Result<Verified, TokenError> {
        let key: ApiKey = presented.parse().map_err(ApiKeyError::Malformed)?;
        let digest = ApiKeyDigest::of(&key);
        let rules = self.known(&digest).ok_or(ApiKeyError::Unknown)?;
        let now = self.clock.unix_now();
        if let Some(ago_secs) = rules.expires_at.and_then(|at| now.checked_sub(at)) {
            let (name, for_addresses) = (rules.name.clone(), rules.allowed_addresses.is_some());
            return Err(ApiKeyError::Expired { name, ago_secs, for_addresses }.into());
        }
        let facts = Facts {
            is_client: true,
            held: rules.held.clone(),
            expires_at: rules.expires_at,
            confirmation: rules.allowed_addresses.clone().map(Confirmation::Addresses),
            api_key: Some(digest),
            ..Facts::of(Arc::clone(&self.issuer), rules.name.clone())
        };
        let believed_until = rules.expires_at.unwrap_or(u64::MAX);
        Ok(Verified { facts, believed_until, basis: Basis::default(), withdrawn: CancellationToken::new() })
    }

    /// The rules of the key with this digest. Every digest is compared, so that the time it takes says nothing of which one
    /// it was, or how much of it was right.
    fn known(&self, digest: &ApiKeyDigest) -> Option<&ApiKeyRules> {
        let mut known = None;
        for rules in &self.keys {
            for accepted in &rules.digests {
                if accepted.is(digest) {
                    known = Some(rules);
                }
            }
        }
        known
    }
}

impl Verify for ApiKeyVerifier {
    fn via(&self) -> Via {
        Via::ApiKey
    }

    /// What bears the prefix of our keys, known or not: a secret, perhaps mistyped, that is sent nowhere. So is
    /// one behind something else, `apikey/mcpk_…`. In a signed token the same letters are chance.
    fn claims_it(&self, presented: &str) -> bool {
        let is_signed = presented.starts_with("ey") && presented.matches('.').nth(1).is_some();
        ApiKey::bears_prefix(presented) || (!is_signed && ApiKey::stands_in(presented))
    }

    fn verify<'a>(&'a self, presented: &'a str) -> VerifyFuture<'a> {
        Box::pin(std::future::ready(self.check(presented)))
    }

    fn foresee(&self, presented: &str) -> Foreseen {
        match self.check(presented) {
            Ok(Verified { facts, .. }) => Foreseen::Known { facts: Box::new(facts), is_whole: true },
            Err(fault) => Foreseen::Refused(vec![fault]),
        }
    }
}

/// Names the keys, never a digest.
impl fmt::Debug for ApiKeyVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.keys.iter().map(|rules| &rules.name).collect();
        f.debug_struct("ApiKeyVerifier").field("keys", &names).finish_non_exhaustive()
    }
}
