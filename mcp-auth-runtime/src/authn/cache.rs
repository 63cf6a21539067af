//! Credentials that were verified a moment ago: found again by a hash of the whole credential, so that any other
//! spelling of it is another credential. Refusals are not remembered.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::principal::Principal;
use super::verifier::Basis;
use super::verifier::jwt::bounds::TOKEN_CACHE_TTL;

/// How many verified credentials are remembered, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheBounds {
    /// How many credentials of up to 2 KiB; larger ones count several times. Zero: none. **(default: 10 000)**
    pub capacity: usize,
    /// The longest a credential is taken at its word; never past its expiry. Zero: not at all. **(default: the longest
    /// that may be set)**
    pub ttl: Duration,
}

impl Default for CacheBounds {
    fn default() -> Self {
        Self { capacity: 10_000, ttl: TOKEN_CACHE_TTL.max }
    }
}

/// SHA-256 of a credential.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CredentialHash([u8; 32]);

/// Shows nothing of it.
impl std::fmt::Debug for CredentialHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CredentialHash(***)")
    }
}

impl CredentialHash {
    /// A hash that is known already.
    pub(crate) fn known(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    pub(in crate::authn) fn of(presented: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, presented.as_bytes()).as_ref());
        Self(hash)
    }
}

/// What is kept of one verified credential.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) principal: Arc<Principal>,
    /// Index of the verifier that verified it.
    pub(super) verifier: usize,
    /// What its verdict rests on.
    pub(super) basis: Basis,
    /// Unix seconds; from then on it is verified anew.
    pub(super) until: u64,
    /// The length of the credential, in bytes: what it weighs.
    pub(super) bytes: usize,
}

/// Credentials that were verified a moment ago, by their hash.
pub(super) struct CredentialCache {
    entries: Option<Cache<CredentialHash, Entry, ByLength>>,
    ttl: Duration,
}

#[derive(Clone)]
struct ByLength;

impl Weighter<CredentialHash, Entry> for ByLength {
    fn weight(&self, _: &CredentialHash, entry: &Entry) -> u64 {
        entry.bytes.div_ceil(2048).max(1) as u64
    }
}

impl CredentialCache {
    pub(super) fn new(bounds: CacheBounds) -> Self {
        let enabled = bounds.capacity > 0 && !bounds.ttl.is_zero();
        let cache = || Cache::with_weighter(bounds.capacity, bounds.capacity as u64, ByLength);
        Self { entries: enabled.then(cache), ttl: bounds.ttl }
    }

    /// The longest a credential verified at `now` may be remembered, given how long its verifier believes it.
    pub(super) fn until(&self, now: u64, believed_until: u64) -> u64 {
        believed_until.min(now.saturating_add(self.ttl.as_secs()))
    }

    pub(super) fn get(&self, hash: &CredentialHash) -> Option<Entry> {
        self.entries.as_ref()?.get(hash)
    }

    pub(super) fn remove(&self, hash: &CredentialHash) {
        if let Some(entries) = &self.entries {
            entries.remove(hash);
        }
    }

    pub(super) fn insert(&self, hash: CredentialHash, entry: Entry) {
        if let Some(entries) = &self.entries {
            entries.insert(hash, entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::{Identity, holder};

    fn entry(bytes: usize) -> Entry {
        let Identity::Known(principal) = holder("read") else { panic!("a holder is known") };
        Entry { principal, verifier: 0, basis: Basis::default(), until: 10, bytes }
    }

    #[test]
    fn t06_another_spelling_of_a_token_is_another_token() {
        let cache = CredentialCache::new(CacheBounds::default());
        cache.insert(CredentialHash::of("a.b.c"), entry(5));
        assert!(cache.get(&CredentialHash::of("a.b.c")).is_some());
        assert!(cache.get(&CredentialHash::of("a.b.d")).is_none());
    }

    #[test]
    fn the_cache_is_bounded_by_count_and_by_size() {
        for (bytes, most) in [(700, 1000), (16 * 1024, 1000 / 8)] {
            let cache = CredentialCache::new(CacheBounds { capacity: 1000, ..CacheBounds::default() });
            for index in 0..10_000 {
                cache.insert(CredentialHash::of(&index.to_string()), entry(bytes));
            }
            let held = cache.entries.as_ref().unwrap().len();
            assert!((most / 2..=most).contains(&held), "{held} of {bytes} bytes");
        }
    }

    #[test]
    fn a_token_is_remembered_until_expiry_or_ttl_whichever_is_first() {
        let cache = CredentialCache::new(CacheBounds::default());
        assert_eq!(cache.until(1000, 5000), 1060);
        assert_eq!(cache.until(1000, 1030), 1030);
    }

    #[test]
    fn a_cache_of_nothing_remembers_nothing() {
        for bounds in [
            CacheBounds { capacity: 0, ..CacheBounds::default() },
            CacheBounds { ttl: Duration::ZERO, ..CacheBounds::default() },
        ] {
            let cache = CredentialCache::new(bounds);
            cache.insert(CredentialHash::of("a"), entry(1));
            assert!(cache.get(&CredentialHash::of("a")).is_none());
        }
    }
}
