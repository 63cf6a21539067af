//! The keys that an issuer signs its tokens with: the one that signs, the one that comes next, and those whose tokens are still good.
//!
//! Which key is which follows from the time alone: each key says from when it signs. So a change of keys needs nobody who does it at that
//! moment, and all processes on a store change together.

use std::fmt;

#[cfg(feature = "durable")]
use crate::StoreError;
use crate::StoreFuture;

use super::revocations::REVOCATION_MEMORY;

/// The purpose of the [`SealingKey`](crate::SealingKey) by which releases kept their only signing key, the 32 bytes of a P-256 private key,
/// before there were more keys than one. A ring begins with it.
pub(crate) const ONLY_SIGNING_KEY: &str = "issuer-signing-key";

/// How long a key stays after another one signs, in seconds: a token that it signed can live so long, and clocks differ.
const KEPT_AFTER: u64 = REVOCATION_MEMORY;

/// One key of a ring. `Debug` hides what is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct RingKey {
    /// The private key: PKCS#8 (RFC 5208), DER, or 32 bytes of a P-256 private key.
    pub private: Vec<u8>,
    /// When it was made, in Unix seconds; 0 where nobody knows.
    pub made_at: u64,
    /// From when it signs, in Unix seconds.
    pub signs_from: u64,
}

/// What a key of a ring does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It is published, and does not sign yet.
    Next {
        /// From when it signs, in Unix seconds.
        from: u64,
    },
    /// It signs.
    Current,
    /// It signs no more, and is published until its last token has ended.
    Retired {
        /// When it goes, in Unix seconds.
        until: u64,
    },
}

/// The keys of an issuer: at least one.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningRing {
    /// By the time from which they sign.
    keys: Vec<RingKey>,
}

/// What became of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRotation {
    /// The key that was given is the next one.
    Added(SigningRing),
    /// A key waits for its turn already, and nothing was changed.
    Waiting(SigningRing),
}

impl SigningRing {
    /// A ring of one key, which signs.
    pub fn of(key: RingKey) -> Self {
        Self { keys: vec![key] }
    }

    /// The ring of a key that older releases kept as the only one.
    pub(crate) fn of_only(private: &[u8; 32]) -> Self {
        Self::of(RingKey { private: private.to_vec(), made_at: 0, signs_from: 0 })
    }

    /// All keys, by the time from which they sign.
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// The keys that are published at `now`, and what each one does. Exactly one is current.
    pub fn at(&self, now: u64) -> impl Iterator<Item = (&RingKey, KeyState)> {
        let current = self.current_at(now);
        self.keys.iter().enumerate().filter_map(move |(at, key)| {
            let state = match at.cmp(&current) {
                std::cmp::Ordering::Greater => KeyState::Next { from: key.signs_from },
                std::cmp::Ordering::Equal => KeyState::Current,
                std::cmp::Ordering::Less => {
                    let until = self.keys[at + 1].signs_from.saturating_add(KEPT_AFTER);
                    if until <= now {
                        return None;
                    }
                    KeyState::Retired { until }
                }
            };
            Some((key, state))
        })
    }

    /// The last key whose time has come. Of a clock that was set back before all of them it is the first one.
    fn current_at(&self, now: u64) -> usize {
        self.keys.iter().rposition(|key| key.signs_from <= now).unwrap_or(0)
    }

    /// The same without the keys that have ended at `now`; `None` where all are still published.
    pub fn without_ended(&self, now: u64) -> Option<Self> {
        let keys: Vec<RingKey> = self.at(now).map(|(key, _)| key.clone()).collect();
        (keys.len() < self.keys.len()).then_some(Self { keys })
    }

    /// The same with `fresh` as its next key, unless one waits already.
    pub fn rotated(&self, mut fresh: RingKey, now: u64) -> KeyRotation {
        let kept = self.without_ended(now).unwrap_or_else(|| self.clone());
        if kept.at(now).any(|(_, state)| matches!(state, KeyState::Next { .. })) {
            return KeyRotation::Waiting(kept);
        }
        let mut keys = kept.keys;
        // Where the clock was set back, the last one may have begun later than that.
        let last = keys.last().map_or(0, |key| key.signs_from);
        fresh.signs_from = fresh.signs_from.max(last.saturating_add(1));
        keys.push(fresh);
        KeyRotation::Added(Self { keys })
    }

    /// Whether a key has this private half.
    pub(crate) fn holds(&self, private: &[u8]) -> bool {
        self.keys.iter().any(|key| key.private == private)
    }

    /// The ring as text, with its secrets: for what encrypts it, or a file for its owner alone.
    ///
    /// # Errors
    /// Never for a ring.
    #[cfg(feature = "durable")]
    pub fn to_secret_text(&self) -> Result<String, StoreError> {
        use base64::Engine as _;
        let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let keys = self.keys.iter().map(|key| {
            serde_json::json!({ "private": encode(&key.private), "made_at": key.made_at, "signs_from": key.signs_from })
        });
        serde_json::to_string_pretty(&serde_json::json!({ "keys": keys.collect::<Vec<_>>() }))
            .map_err(StoreError::new)
    }

    /// Reads what [`to_secret_text`](Self::to_secret_text) wrote.
    ///
    /// # Errors
    /// It is something else, or holds no key. The error quotes nothing of it.
    #[cfg(feature = "durable")]
    pub fn from_secret_text(text: &[u8]) -> Result<Self, StoreError> {
        use base64::Engine as _;

        #[derive(serde::Deserialize)]
        struct Ring {
            keys: Vec<Key>,
        }
        #[derive(serde::Deserialize)]
        struct Key {
            private: String,
            made_at: u64,
            signs_from: u64,
        }
        let wrong = || StoreError::new("it is not a ring of signing keys");
        let read: Ring = serde_json::from_slice(text).map_err(|_| wrong())?;
        let mut keys = Vec::with_capacity(read.keys.len());
        for Key { private, made_at, signs_from } in read.keys {
            let private = base64::engine::general_purpose::STANDARD.decode(private).map_err(|_| wrong())?;
            keys.push(RingKey { private, made_at, signs_from });
        }
        keys.sort_by_key(|key| key.signs_from);
        if keys.is_empty() { Err(wrong()) } else { Ok(Self { keys }) }
    }
}

/// The signing keys of the issuer on this store.
pub trait SigningKeys: Send + Sync {
    /// The ring, if there is one. Keys that have ended at `now` are removed for good.
    ///
    /// Where an older release kept its only key as a [`SealingKey`](crate::SealingKey), the ring is that key, until the first change.
    fn ring(&self, now: u64) -> StoreFuture<'_, Option<SigningRing>>;

    /// The ring that is kept; or else `fresh`, which is then kept. If many processes ask at once, all get the same ring.
    fn ring_or(&self, fresh: SigningRing, now: u64) -> StoreFuture<'_, SigningRing>;

    /// Adds `fresh` as the next key, unless one waits already. Without a ring it is the first key.
    fn rotate(&self, fresh: RingKey, now: u64) -> StoreFuture<'_, KeyRotation>;

    /// Removes all keys for good, and keeps `fresh`, which signs at once.
    fn replace(&self, fresh: RingKey, now: u64) -> StoreFuture<'_, SigningRing>;
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { private: _, made_at, signs_from } = self;
        f.debug_struct("RingKey")
            .field("private", &"***")
            .field("made_at", made_at)
            .field("signs_from", signs_from)
            .finish()
    }
}

impl fmt::Debug for SigningRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.keys).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(private: u8, signs_from: u64) -> RingKey {
        RingKey { private: vec![private; 32], made_at: 1, signs_from }
    }

    fn added(ring: &SigningRing, fresh: RingKey, now: u64) -> SigningRing {
        match ring.rotated(fresh, now) {
            KeyRotation::Added(ring) => ring,
            KeyRotation::Waiting(_) => panic!("a key waits"),
        }
    }

    fn states(ring: &SigningRing, now: u64) -> Vec<(u8, KeyState)> {
        ring.at(now).map(|(key, state)| (key.private[0], state)).collect()
    }

    #[test]
    fn a_key_is_next_then_signs_then_stays_until_its_last_token_has_ended() {
        use KeyState::{Current, Next, Retired};
        let ring = added(&SigningRing::of(key(1, 0)), key(2, 500), 100);
        assert_eq!(states(&ring, 499), [(1, Current), (2, Next { from: 500 })]);
        let until = 500 + KEPT_AFTER;
        assert_eq!(states(&ring, 500), [(1, Retired { until }), (2, Current)]);
        assert_eq!(states(&ring, until - 1), [(1, Retired { until }), (2, Current)]);
        assert_eq!(states(&ring, until), [(2, Current)]);
        assert_eq!(ring.without_ended(until - 1), None);
        assert_eq!(ring.without_ended(until), Some(SigningRing::of(key(2, 500))));
    }

    #[test]
    fn one_key_signs_at_every_time_also_of_a_clock_that_was_set_back() {
        let ring = added(&SigningRing::of(key(1, 1000)), key(2, 2000), 1500);
        for now in [0, 999, 1000, 1999, 2000, u64::MAX] {
            assert_eq!(states(&ring, now).iter().filter(|(_, state)| *state == KeyState::Current).count(), 1);
        }
        assert_eq!(states(&ring, 0)[0], (1, KeyState::Current));
        let ahead = added(&SigningRing::of(key(1, 9000)), key(2, 500), 100);
        assert_eq!(states(&ahead, 500), [(1, KeyState::Current), (2, KeyState::Next { from: 9001 })]);
    }

    #[test]
    fn one_key_waits_at_most_and_after_its_turn_another_one_may() {
        let ring = added(&SigningRing::of(key(1, 0)), key(2, 500), 100);
        assert_eq!(ring.rotated(key(3, 600), 499), KeyRotation::Waiting(ring.clone()));
        assert_eq!(states(&added(&ring, key(3, 900), 500), 500).len(), 3);
    }

    #[test]
    fn a_ring_is_not_printed() {
        let shown = format!("{:?}", SigningRing::of(key(77, 5)));
        assert!(shown.contains("***") && !shown.contains("77"), "{shown}");
    }

    #[cfg(feature = "durable")]
    #[test]
    fn a_ring_is_read_as_it_was_written_and_what_is_not_one_is_not_quoted() {
        let ring = added(&SigningRing::of(key(1, 0)), key(2, 500), 100);
        assert_eq!(SigningRing::from_secret_text(ring.to_secret_text().unwrap().as_bytes()).unwrap(), ring);
        for wrong in
            ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"private":"hunter2!","made_at":1,"signs_from":1}]}"#]
        {
            let error = SigningRing::from_secret_text(wrong.as_bytes()).unwrap_err();
            assert_eq!(error.cause().to_string(), "it is not a ring of signing keys");
        }
    }
}
