//! The way of a presented token: remembered, or taken apart, its issuer chosen, its signature and its claims
//! checked.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::cache::{CacheBounds, Entry, TokenCache, TokenHash};
use super::error::{Excerpt, KeysError, TokenError};
use super::fetch::Fetch;
use super::issuer::{IssuerRules, RulesError};
use super::keys::IssuerKeys;
use super::token::VerifiedToken;
use super::{jws, jwt};
use mcp_auth_core::ambient::Ambient;

/// Verifies bearer tokens of a fixed set of issuers.
pub struct Verifier {
    issuers: Vec<Arc<IssuerKeys>>,
    /// `iss`, byte for byte, to its place in `issuers`.
    by_name: HashMap<Arc<str>, usize>,
    cache: TokenCache,
    ambient: Ambient,
}

impl Verifier {
    /// A verifier for these issuers. Static keys are at hand at once, others after [`load`](Self::load) or
    /// [`start`](Self::start).
    ///
    /// # Errors
    /// [`VerifierError`] names the issuer whose rules or static keys cannot stand.
    pub fn new(
        rules: Vec<IssuerRules>,
        fetch: Arc<dyn Fetch>,
        ambient: Ambient,
        cache: CacheBounds,
    ) -> Result<Self, VerifierError> {
        let mut issuers = Vec::with_capacity(rules.len());
        let mut by_name = HashMap::new();
        for rules in rules {
            let issuer = rules.issuer.clone();
            rules.check().map_err(|cause| VerifierError::Rules { issuer: issuer.clone(), cause })?;
            let keys = IssuerKeys::new(rules, Arc::clone(&fetch), ambient.clone())
                .map_err(|cause| VerifierError::StaticKeys { issuer: issuer.clone(), cause })?;
            if by_name.insert(Arc::clone(&keys.issuer), issuers.len()).is_some() {
                return Err(VerifierError::Twice { issuer });
            }
            issuers.push(Arc::new(keys));
        }
        if issuers.is_empty() {
            return Err(VerifierError::NoIssuer);
        }
        Ok(Self { issuers, by_name, cache: TokenCache::new(cache), ambient })
    }

    /// Verifies one bearer token and says who presented it.
    ///
    /// Answers at once for a token verified a moment ago; waits only where the issuer's keys have to be fetched.
    ///
    /// - Shape: compact JWS; see [`IssuerRules`] for what its claims must be.
    /// - Source: RFC 9068 §4, RFC 8725 §3, RFC 7519 §7.2.
    ///
    /// # Errors
    /// [`TokenError`]; [`TokenError::fault`] says whose fault it is.
    pub async fn verify(&self, token: &str) -> Result<Arc<VerifiedToken>, TokenError> {
        if token.len() > jws::MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong { bytes: token.len(), max: jws::MAX_TOKEN_BYTES });
        }
        let hash = TokenHash::of(token);
        if let Some(verified) = self.remembered(&hash) {
            return Ok(verified);
        }
        let jws = jws::parse(token)?;
        let claims = jwt::read(&jws.payload)?;
        let issuer = jwt::issuer(&claims)?;
        // The issuer is only claimed so far, and that is enough to choose whose keys must have signed.
        let index =
            *self.by_name.get(issuer).ok_or_else(|| TokenError::UnknownIssuer(Excerpt::of(issuer)))?;
        let keys = &self.issuers[index];
        if !keys.rules.algorithms.contains(&jws.header.alg) {
            return Err(TokenError::Algorithm);
        }
        let generation = keys.verify(&jws).await?;
        let now = self.ambient.clock.unix_now();
        let verified = jwt::check(&keys.rules, Arc::clone(&keys.issuer), jws.header.typ, claims, now)?;
        let valid_until = verified.expires_at.unwrap_or(now).saturating_add(keys.rules.clock_skew.as_secs());
        let believed_until = now.saturating_add(keys.rules.token_cache_ttl.as_secs());
        let until = self.cache.until(now, valid_until.min(believed_until));
        let verified = Arc::new(verified);
        let entry =
            Entry { token: Arc::clone(&verified), issuer: index, generation, until, bytes: token.len() };
        self.cache.insert(hash, entry);
        Ok(verified)
    }

    /// The caller of a token verified a moment ago; `None` says nothing about the token.
    #[cfg(test)]
    fn verify_cached(&self, token: &str) -> Option<Arc<VerifiedToken>> {
        if token.len() > jws::MAX_TOKEN_BYTES {
            return None;
        }
        self.remembered(&TokenHash::of(token))
    }

    /// Whether every issuer's keys are at hand.
    pub fn ready(&self) -> bool {
        self.issuers.iter().all(|keys| keys.ready())
    }

    /// Attempts to load every issuer's keys, all at once, and waits for the end of it.
    ///
    /// # Errors
    /// One [`LoadFailure`] per issuer that has no keys now.
    pub async fn load(&self) -> Result<(), Vec<LoadFailure>> {
        join_all(self.issuers.iter().filter(|keys| !keys.ready()).map(|keys| keys.load())).await;
        let failures = self.failures();
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    /// Every issuer that has no keys now, and why: for one who stopped waiting for [`load`](Self::load).
    pub fn failures(&self) -> Vec<LoadFailure> {
        self.issuers
            .iter()
            .filter(|keys| !keys.ready())
            .map(|keys| LoadFailure { issuer: keys.rules.issuer.clone(), cause: keys.last_error() })
            .collect()
    }

    /// Keeps every issuer's keys fresh until `cancel`, one background task per issuer. Call it once, within a
    /// Tokio runtime.
    pub fn start(&self, cancel: CancellationToken) {
        for keys in &self.issuers {
            tokio::spawn(Arc::clone(keys).keep_fresh(cancel.clone()));
        }
    }

    fn remembered(&self, hash: &TokenHash) -> Option<Arc<VerifiedToken>> {
        let entry = self.cache.get(hash)?;
        let current = entry.generation == self.issuers[entry.issuer].generation();
        if current && self.ambient.clock.unix_now() < entry.until {
            return Some(entry.token);
        }
        self.cache.remove(hash);
        None
    }
}

/// Names the issuers, never a token.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("issuers", &self.by_name.keys()).finish_non_exhaustive()
    }
}

/// A verifier that cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// Nobody to trust.
    #[error("no issuer is configured")]
    NoIssuer,
    /// One issuer twice: which rules would count?
    #[error("issuer {issuer} is configured twice")]
    Twice {
        /// The issuer.
        issuer: String,
    },
    /// Rules that cannot stand.
    #[error("issuer {issuer}: {cause}")]
    Rules {
        /// The issuer.
        issuer: String,
        /// Why not.
        cause: RulesError,
    },
    /// Static keys without a usable one.
    #[error("issuer {issuer}: {cause}")]
    StaticKeys {
        /// The issuer.
        issuer: String,
        /// Why not.
        cause: KeysError,
    },
}

/// An issuer whose keys did not load.
#[derive(Debug, Clone, thiserror::Error)]
#[error("keys of issuer {issuer} are not loaded")]
pub struct LoadFailure {
    /// The issuer.
    pub issuer: String,
    /// What went wrong; `None` when no attempt ended in time.
    #[source]
    pub cause: Option<Arc<KeysError>>,
}

impl LoadFailure {
    /// Whether waiting cannot help, so that the server should not start (see [`KeysError::is_misconfiguration`]).
    pub fn is_misconfiguration(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| cause.is_misconfiguration())
    }
}

#[cfg(test)]
mod tests;
