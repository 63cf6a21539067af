//! The keys of an issuer while it runs: one signs, one may come next, and those stay published whose tokens are still good.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use mcp_auth_runtime::facade::KnownKeys;
use mcp_auth_store::{KeyRotation, KeyState, RingKey, SigningRing, Store};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{KeyError, SigningAlgorithm, SigningKey, file};
use crate::observe::Event as _;
use crate::observe::key::{SigningKeyAdded, SigningKeyWithdrawn, SigningKeysReplaced};

/// For how many seconds others may keep the answer of `/jwks`.
pub(crate) const JWKS_MAX_AGE: u64 = 300;
/// How far the clocks of servers may be apart, in seconds, as most allow it of tokens.
const CLOCKS_APART: u64 = 60;
/// The most that a server allows for clocks, in seconds: a key that goes so shortly before its time takes no good token along.
const MOST_SKEW: u64 = 300;
/// Keys are read at most so often for tokens that name one that is not known.
const MOST_OFTEN: Duration = Duration::from_secs(1);

/// The signing keys of an issuer. Cloning shares them; `Debug` shows what is public.
///
/// # Example
/// ```
/// use mcp_auth_issuer::{KeyRing, SigningKey};
/// let key = SigningKey::generate().unwrap();
/// let ring = KeyRing::of(&key).unwrap();
/// assert_eq!(ring.current(1_000).kid(), key.kid());
/// ```
#[derive(Clone)]
pub struct KeyRing(Arc<Inner>);

struct Inner {
    place: Place,
    known: RwLock<Known>,
    /// Held from where keys are read or changed until they are known, so that what is older never takes the place of what is newer.
    turn: Mutex<()>,
    /// When keys were last read for a token that names one that is not known, and whether they could be.
    read_for_token: Mutex<Option<(Instant, bool)>>,
}

/// Where the keys are kept.
enum Place {
    Memory,
    Dir(PathBuf),
    Store(Store),
}

struct Known {
    ring: SigningRing,
    /// The keys of the ring, ready to sign.
    keys: Vec<(RingKey, SigningKey)>,
    /// How often a key went away before its tokens had ended.
    withdrawn: u64,
    published: Option<Published>,
}

/// What is published from one time to another.
struct Published {
    keys: Arc<KnownKeys>,
    from: u64,
    until: u64,
}

/// A key of a ring, without what is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedKey {
    /// Its identifier in tokens.
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// When it was made, in Unix seconds; `None` where nobody knows.
    pub made_at: Option<u64>,
    /// What it does.
    pub state: KeyState,
}

/// What became of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyChange {
    /// A new key is published, and signs later.
    Added(ListedKey),
    /// This key waits for its turn already, so nothing was changed.
    Waiting(ListedKey),
}

impl KeyRing {
    /// This key alone, which is kept nowhere.
    ///
    /// # Errors
    /// Never for a key that was made here: the crypto library could refuse to write it.
    pub fn of(key: &SigningKey) -> Result<Self, KeyError> {
        Self::new(Place::Memory, SigningRing::of(kept_as(key, 0, 0)?))
    }

    /// The keys in `state_dir`; the first one is made there if there is none: directory 0700, file 0600.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn in_dir(state_dir: &Path, algorithm: SigningAlgorithm, now: u64) -> Result<Self, KeyError> {
        let ring = file::load_or_create(state_dir, algorithm, now)?;
        Self::new(Place::Dir(state_dir.to_owned()), ring)
    }

    /// The keys in `state_dir`, if there are any. It makes nothing.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn find_in_dir(state_dir: &Path) -> Result<Option<Self>, KeyError> {
        file::load(state_dir)?.map(|ring| Self::new(Place::Dir(state_dir.to_owned()), ring)).transpose()
    }

    /// The keys in `store`, if there are any.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn find_in_store(store: &Store, now: u64) -> Result<Option<Self>, KeyError> {
        let ring = store.signing_keys().ring(now).await.map_err(KeyError::Store)?;
        ring.map(|ring| Self::in_store(store, ring)).transpose()
    }

    /// `ring`, which `store` keeps.
    pub(super) fn in_store(store: &Store, ring: SigningRing) -> Result<Self, KeyError> {
        Self::new(Place::Store(store.clone()), ring)
    }

    fn new(place: Place, ring: SigningRing) -> Result<Self, KeyError> {
        let keys = ready(&ring, &[])?;
        let known = RwLock::new(Known { ring, keys, withdrawn: 0, published: None });
        Ok(Self(Arc::new(Inner { place, known, turn: Mutex::default(), read_for_token: Mutex::default() })))
    }

    /// The key that signs at `now`.
    ///
    /// # Panics
    /// Never: a ring has one at every time.
    pub fn current(&self, now: u64) -> SigningKey {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let current = known.published_at(now).find(|(_, _, state)| *state == KeyState::Current);
        #[expect(clippy::expect_used, reason = "one key of a ring is current at every time")]
        current.map(|(_, key, _)| key.clone()).expect("a current key")
    }

    /// The keys that are published at `now`: the one that signs first.
    pub fn listed(&self, now: u64) -> Vec<ListedKey> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut listed: Vec<ListedKey> = known
            .published_at(now)
            .map(|(kept, key, state)| ListedKey {
                kid: key.kid().to_owned(),
                algorithm: key.algorithm(),
                made_at: (kept.made_at > 0).then_some(kept.made_at),
                state,
            })
            .collect();
        listed.sort_by_key(|key| rank(key.state));
        listed
    }

    /// What is published at `now`. It is the same `Arc` as long as nothing changes.
    pub(crate) fn public(&self, now: u64) -> Arc<KnownKeys> {
        let is_of_now = |published: &&Published| (published.from..published.until).contains(&now);
        {
            let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(published) = known.published.as_ref().filter(is_of_now) {
                return Arc::clone(&published.keys);
            }
        }
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<(KeyState, Value)> =
            known.published_at(now).map(|(_, key, state)| (state, key.public_jwk())).collect();
        keys.sort_by_key(|(state, _)| rank(*state));
        let until = keys.iter().filter_map(|(state, _)| match state {
            KeyState::Next { from } => Some(*from),
            KeyState::Retired { until } => Some(*until),
            KeyState::Current => None,
        });
        let until = until.min().unwrap_or(u64::MAX);
        let keys: Vec<Value> = keys.into_iter().map(|(_, jwk)| jwk).collect();
        let keys = KnownKeys { jwks: json!({ "keys": keys }), withdrawn: known.withdrawn };
        let same = known.published.as_ref().filter(|published| *published.keys == keys);
        let keys = same.map_or_else(|| Arc::new(keys), |published| Arc::clone(&published.keys));
        known.published = Some(Published { keys: Arc::clone(&keys), from: now, until });
        keys
    }

    /// The key of this name, published at `now`. One that is not known is read for, at most once a second: another process may have made it.
    ///
    /// # Errors
    /// The keys cannot be read, so nobody can say whether there is such a key.
    pub(crate) async fn key(&self, kid: &str, now: u64) -> Result<Option<SigningKey>, KeyError> {
        if let Some(key) = self.known(kid, now) {
            return Ok(Some(key));
        }
        let mut last = self.0.read_for_token.lock().await;
        match *last {
            Some((at, is_read)) if at.elapsed() < MOST_OFTEN => {
                drop(last);
                let key = self.known(kid, now);
                if is_read || key.is_some() { Ok(key) } else { Err(KeyError::Unread) }
            }
            _ => {
                let read = self.read(now).await;
                *last = Some((Instant::now(), read.is_ok()));
                read.map(|()| self.known(kid, now))
            }
        }
    }

    fn known(&self, kid: &str, now: u64) -> Option<SigningKey> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut keys = known.published_at(now).map(|(_, key, _)| key);
        keys.find(|key| key.kid() == kid).cloned()
    }

    /// Reads the keys where they are kept: another process may have changed them.
    ///
    /// # Errors
    /// [`KeyError`]; what was known stays known then.
    pub async fn read(&self, now: u64) -> Result<(), KeyError> {
        let _turn = self.0.turn.lock().await;
        let ring = match &self.0.place {
            Place::Memory => return Ok(()),
            Place::Dir(dir) => {
                let dir = dir.clone();
                on_disk(move || file::load(&dir)).await?
            }
            Place::Store(store) => store.signing_keys().ring(now).await.map_err(KeyError::Store)?,
        };
        self.take(ring.ok_or(KeyError::Gone)?, now)
    }

    /// Makes a key that is published from now on, and signs later: after every verifier that keeps the answer of `/jwks` has asked for it
    /// again, and other processes have read it. `lag` is how long that may take them (`store.revocation_lag`).
    ///
    /// # Errors
    /// [`KeyError`]; nothing was changed then.
    pub async fn rotate(
        &self,
        algorithm: SigningAlgorithm,
        lag: Duration,
        now: u64,
    ) -> Result<KeyChange, KeyError> {
        let signs_from = now.saturating_add(JWKS_MAX_AGE + lag.as_secs() + CLOCKS_APART);
        let fresh = on_disk(move || kept_as(&SigningKey::generate_for(algorithm)?, now, signs_from)).await?;
        let _turn = self.0.turn.lock().await;
        let rotation = match &self.0.place {
            Place::Memory => return Err(KeyError::NotKept),
            Place::Dir(dir) => {
                let dir = dir.clone();
                on_disk(move || {
                    file::change(&dir, |ring| match ring.rotated(fresh, now) {
                        KeyRotation::Added(ring) => (KeyRotation::Added(ring.clone()), Some(ring)),
                        waiting => (waiting, None),
                    })
                })
                .await?
            }
            Place::Store(store) => store.signing_keys().rotate(fresh, now).await.map_err(KeyError::Store)?,
        };
        let (ring, is_added) = match rotation {
            KeyRotation::Added(ring) => (ring, true),
            KeyRotation::Waiting(ring) => (ring, false),
        };
        self.take(ring, now)?;
        let listed = self.listed(now).into_iter();
        // A ring that had no key before has one that signs at once, and none that waits.
        let key =
            listed.max_by_key(|key| matches!(key.state, KeyState::Next { .. })).ok_or(KeyError::Gone)?;
        if !is_added {
            return Ok(KeyChange::Waiting(key));
        }
        let signs_from = match key.state {
            KeyState::Next { from } => Some(from),
            KeyState::Current | KeyState::Retired { .. } => None,
        };
        SigningKeyAdded { kid: &key.kid, algorithm: key.algorithm.name(), signs_from }.happened();
        Ok(KeyChange::Added(key))
    }

    /// Removes all keys, and makes one that signs at once: for keys that leaked. What the others signed is refused from now on here, and by
    /// other processes once they have read it.
    ///
    /// # Errors
    /// [`KeyError`]; nothing was changed then.
    pub async fn replace(&self, algorithm: SigningAlgorithm, now: u64) -> Result<ListedKey, KeyError> {
        let fresh = on_disk(move || kept_as(&SigningKey::generate_for(algorithm)?, now, now)).await?;
        let _turn = self.0.turn.lock().await;
        let ring = match &self.0.place {
            Place::Memory => return Err(KeyError::NotKept),
            Place::Dir(dir) => {
                let dir = dir.clone();
                on_disk(move || {
                    file::change(&dir, |_| {
                        let ring = SigningRing::of(fresh);
                        (ring.clone(), Some(ring))
                    })
                })
                .await?
            }
            Place::Store(store) => store.signing_keys().replace(fresh, now).await.map_err(KeyError::Store)?,
        };
        self.take(ring, now)?;
        let key = self.listed(now).into_iter().next().ok_or(KeyError::Gone)?;
        SigningKeysReplaced { kid: &key.kid, algorithm: key.algorithm.name() }.happened();
        Ok(key)
    }

    /// From now on `ring` is known.
    fn take(&self, ring: SigningRing, now: u64) -> Result<(), KeyError> {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.ring == ring {
            return Ok(());
        }
        let keys = ready(&ring, &known.keys)?;
        let is_there = |kept: &RingKey| keys.iter().any(|(other, _)| other.private == kept.private);
        let has_good_tokens = |state| match state {
            KeyState::Retired { until } => until > now.saturating_add(MOST_SKEW),
            KeyState::Next { .. } | KeyState::Current => true,
        };
        let is_lost = known.ring.at(now).any(|(kept, state)| !is_there(kept) && has_good_tokens(state));
        let withdrawn = known.withdrawn + u64::from(is_lost);
        for (kept, key, state) in known.published_at(now) {
            if !is_there(kept) && has_good_tokens(state) {
                SigningKeyWithdrawn { kid: key.kid() }.happened();
            }
        }
        *known = Known { ring, keys, withdrawn, published: None };
        Ok(())
    }
}

impl Known {
    /// The keys that are published at `now`, and what each does.
    fn published_at(&self, now: u64) -> impl Iterator<Item = (&RingKey, &SigningKey, KeyState)> {
        self.ring.at(now).filter_map(|(kept, state)| {
            let (_, key) = self.keys.iter().find(|(other, _)| other == kept)?;
            Some((kept, key, state))
        })
    }
}

/// The key that signs is what most look for.
fn rank(state: KeyState) -> u8 {
    match state {
        KeyState::Current => 0,
        KeyState::Next { .. } => 1,
        KeyState::Retired { .. } => 2,
    }
}

/// A key as a ring keeps it.
pub(super) fn kept_as(key: &SigningKey, made_at: u64, signs_from: u64) -> Result<RingKey, KeyError> {
    Ok(RingKey { private: key.to_pkcs8()?, made_at, signs_from })
}

/// The keys of `ring`, ready to sign; those that are `known` are not made ready again.
fn ready(
    ring: &SigningRing,
    known: &[(RingKey, SigningKey)],
) -> Result<Vec<(RingKey, SigningKey)>, KeyError> {
    let ready = |kept: &RingKey| match known.iter().find(|(other, _)| other.private == kept.private) {
        Some((_, key)) => Some(key.clone()),
        None => match <&[u8; 32]>::try_from(kept.private.as_slice()) {
            Ok(scalar) => SigningKey::from_scalar(scalar),
            Err(_) => SigningKey::from_pkcs8(&kept.private),
        },
    };
    ring.keys().iter().map(|kept| Ok((kept.clone(), ready(kept).ok_or(KeyError::Kept)?))).collect()
}

/// Does what takes a moment where it holds up nobody.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyError> + Send + 'static,
) -> Result<T, KeyError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(KeyError::Generate))
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let kids: Vec<_> = known.keys.iter().map(|(_, key)| key.kid()).collect();
        f.debug_struct("KeyRing").field("kids", &kids).finish_non_exhaustive()
    }
}
