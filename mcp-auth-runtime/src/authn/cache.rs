//! Tokens verified a moment ago: found again by a hash of the whole compact token, so that any other spelling of
//! a token is another token. Refusals are not remembered.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::token::VerifiedToken;

/// How many verified tokens are remembered, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheBounds {
    /// How many tokens of up to 2 KiB; larger ones count several times. Zero: none. **(default: 10 000)**
    pub capacity: usize,
    /// The longest a token is taken at its word; never past its expiry. Zero: not at all. **(default: 60 s)**
    pub ttl: Duration,
}

impl Default for CacheBounds {
    fn default() -> Self {
        Self { capacity: 10_000, ttl: Duration::from_secs(60) }
    }
}

/// SHA-256 of a compact token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }
}

/// One verified token.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) token: Arc<VerifiedToken>,
    /// Which issuer of the verifier.
    pub(super) issuer: usize,
    /// The generation of the issuer's keys that verified it.
    pub(super) generation: u64,
    /// Unix seconds; from then on it is verified anew.
    pub(super) until: u64,
    /// The length of the compact token, in bytes: what it weighs.
    pub(super) bytes: usize,
}

/// The verified tokens.
pub(super) struct TokenCache {
    entries: Option<Cache<TokenHash, Entry, ByLength>>,
    ttl: Duration,
}

#[derive(Clone)]
struct ByLength;

impl Weighter<TokenHash, Entry> for ByLength {
    fn weight(&self, _: &TokenHash, entry: &Entry) -> u64 {
        entry.bytes.div_ceil(2048).max(1) as u64
    }
}

impl TokenCache {
    pub(super) fn new(bounds: CacheBounds) -> Self {
        let enabled = bounds.capacity > 0 && !bounds.ttl.is_zero();
        let cache = || Cache::with_weighter(bounds.capacity, bounds.capacity as u64, ByLength);
        Self { entries: enabled.then(cache), ttl: bounds.ttl }
    }

    /// The longest a token verified at `now` may be remembered, given the last second it is valid anyway.
    pub(super) fn until(&self, now: u64, valid_until: u64) -> u64 {
        valid_until.min(now.saturating_add(self.ttl.as_secs()))
    }

    pub(super) fn get(&self, hash: &TokenHash) -> Option<Entry> {
        self.entries.as_ref()?.get(hash)
    }

    pub(super) fn remove(&self, hash: &TokenHash) {
        if let Some(entries) = &self.entries {
            entries.remove(hash);
        }
    }

    pub(super) fn insert(&self, hash: TokenHash, entry: Entry) {
        if let Some(entries) = &self.entries {
            entries.insert(hash, entry);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use mcp_auth_core::ScopeSet;

    fn entry(bytes: usize) -> Entry {
        let token = Arc::new(VerifiedToken::local(ScopeSet::new()));
        Entry { token, issuer: 0, generation: 0, until: 10, bytes }
    }

    #[test]
    fn t06_another_spelling_of_a_token_is_another_token() {
        let cache = TokenCache::new(CacheBounds::default());
        cache.insert(TokenHash::of("a.b.c"), entry(5));
        assert!(cache.get(&TokenHash::of("a.b.c")).is_some());
        assert!(cache.get(&TokenHash::of("a.b.d")).is_none());
    }

    #[test]
    fn the_cache_is_bounded_by_count_and_by_size() {
        for (bytes, most) in [(700, 1000), (16 * 1024, 1000 / 8)] {
            let cache = TokenCache::new(CacheBounds { capacity: 1000, ..CacheBounds::default() });
            for index in 0..10_000 {
                cache.insert(TokenHash::of(&index.to_string()), entry(bytes));
            }
            let held = cache.entries.as_ref().unwrap().len();
            assert!((most / 2..=most).contains(&held), "{held} of {bytes} bytes");
        }
    }

    #[test]
    fn a_token_is_remembered_until_expiry_or_ttl_whichever_is_first() {
        let cache = TokenCache::new(CacheBounds::default());
        assert_eq!(cache.until(1000, 5000), 1060);
        assert_eq!(cache.until(1000, 1030), 1030);
    }

    #[test]
    fn a_cache_of_nothing_remembers_nothing() {
        for bounds in [
            CacheBounds { capacity: 0, ..CacheBounds::default() },
            CacheBounds { ttl: Duration::ZERO, ..CacheBounds::default() },
        ] {
            let cache = TokenCache::new(bounds);
            cache.insert(TokenHash::of("a"), entry(1));
            assert!(cache.get(&TokenHash::of("a")).is_none());
        }
    }
}
