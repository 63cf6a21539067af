//! Where the signing keys come from: memory, a file, the store, or the program.

use std::path::PathBuf;

use mcp_auth_store::{SigningRing, Store};

use super::ring::kept_as;
use super::{KeyError, KeyRing, SigningAlgorithm, SigningKey, file};
use crate::observe::Event as _;
use crate::observe::key::SigningKeyMade;

/// Where the issuer's signing keys come from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KeySource {
    /// Kept in `signing-keys.json` in this directory; the first one is made there on the first start.
    StateDir(PathBuf),
    /// Made at start and lost at exit. Tokens signed with it are then no longer valid.
    Ephemeral,
    /// Given by the program, and the only one. Any program that holds this key can mint tokens that the server accepts.
    Given(SigningKey),
    /// These, which change while the issuer runs.
    Ring(KeyRing),
}

impl KeySource {
    /// Reads the keys, or makes the first one at `now`, for this algorithm.
    ///
    /// # Errors
    /// [`KeyError`]. It never uses other keys instead.
    pub fn open(&self, algorithm: SigningAlgorithm, now: u64) -> Result<KeyRing, KeyError> {
        match self {
            Self::StateDir(dir) => KeyRing::in_dir(dir, algorithm, now),
            Self::Ephemeral => KeyRing::of(&SigningKey::generate_for(algorithm)?),
            Self::Given(key) => KeyRing::of(key),
            Self::Ring(ring) => Ok(ring.clone()),
        }
    }

    /// The keys that all processes on `store` use, where the store lasts: those of the first one, which brought its own or made one. A store
    /// in memory has no other process, and a key that the program gives is the program's word: nothing is changed then.
    ///
    /// # Errors
    /// [`KeyError`]: the store cannot be read, or holds something else.
    pub async fn shared(
        self,
        store: &Store,
        algorithm: SigningAlgorithm,
        now: u64,
    ) -> Result<Self, KeyError> {
        let own = match &self {
            _ if !store.lasts() => return Ok(self),
            Self::Given(_) | Self::Ring(_) => return Ok(self),
            Self::StateDir(dir) => file::load(dir)?,
            Self::Ephemeral => None,
        };
        let kept = store.signing_keys().ring(now).await.map_err(KeyError::Store)?;
        let mut made = false;
        let ring = match (kept, &own) {
            (Some(kept), _) => kept,
            (None, own) => {
                let fresh = match own {
                    Some(own) => own.clone(),
                    None => SigningRing::of(kept_as(&SigningKey::generate_for(algorithm)?, now, now)?),
                };
                let kept = store.signing_keys().ring_or(fresh.clone(), now).await.map_err(KeyError::Store)?;
                made = own.is_none() && kept == fresh;
                kept
            }
        };
        let ring = KeyRing::in_store(store, ring)?;
        if made {
            let key = ring.current(now);
            SigningKeyMade { kid: key.kid(), algorithm: key.algorithm().name() }.happened();
        }
        if let Some(own) = own {
            let (own, kept) = (KeyRing::in_store(store, own)?.current(now), ring.listed(now));
            if !kept.iter().any(|key| key.kid == own.kid()) {
                tracing::warn!(
                    kid = own.kid(),
                    "the signing key of issuer.state_dir is not used: the store has others, which all its servers use"
                );
            }
        }
        Ok(Self::Ring(ring))
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_store::{Caps, Outage, RingKey, SealingKey};

    use super::*;

    const NOW: u64 = 1_800_000_000;
    const ES256: SigningAlgorithm = SigningAlgorithm::Es256;

    async fn ring(source: KeySource, store: &Store) -> KeyRing {
        source.shared(store, ES256, NOW).await.unwrap().open(ES256, NOW).unwrap()
    }

    async fn kid(source: KeySource, store: &Store) -> String {
        ring(source, store).await.current(NOW).kid().to_owned()
    }

    #[tokio::test]
    async fn all_on_one_store_have_the_keys_of_the_first_and_what_they_sign_is_good_for_each() {
        let (store, directory) = (Outage::new().store(), tempfile::tempdir().unwrap());
        let own = KeyRing::in_dir(directory.path(), ES256, NOW).unwrap().current(NOW);
        let in_file = || KeySource::StateDir(directory.path().to_owned());
        // The key that was in use before the store lasts stays in use.
        assert_eq!(kid(in_file(), &store).await, own.kid());
        let other = ring(KeySource::Ephemeral, &store).await.current(NOW);
        assert_eq!(other.kid(), own.kid());
        assert!(own.has_signed(b"a", &other.sign(b"a").unwrap()));
        assert!(other.has_signed(b"a", &own.sign(b"a").unwrap()));
        let elsewhere = Outage::new().store();
        let first = kid(KeySource::Ephemeral, &elsewhere).await;
        assert_ne!(first, own.kid());
        assert_eq!(kid(in_file(), &elsewhere).await, first, "that of the store counts");
        let given = SigningKey::generate().unwrap();
        assert_eq!(kid(KeySource::Given(given.clone()), &store).await, given.kid());
        let memory = Store::memory(Caps::default());
        assert_eq!(kid(in_file(), &memory).await, own.kid());
    }

    #[tokio::test]
    async fn the_only_key_of_an_older_release_signs_until_the_first_rotation_and_its_tokens_stay_good() {
        let store = Outage::new().store();
        store.sealing_keys().key("issuer-signing-key", SealingKey::new([7; 32])).await.unwrap();
        let old = SigningKey::from_scalar(&[7; 32]).unwrap();
        let ring = ring(KeySource::Ephemeral, &store).await;
        assert_eq!(ring.current(NOW).kid(), old.kid());
        ring.rotate(SigningAlgorithm::EdDsa, std::time::Duration::from_secs(5), NOW).await.unwrap();
        let later = NOW + 3600;
        assert_eq!(ring.current(later).algorithm(), SigningAlgorithm::EdDsa);
        assert_eq!(ring.key(old.kid(), later).await.unwrap().unwrap().kid(), old.kid());
    }

    #[tokio::test]
    async fn a_store_that_is_down_or_holds_something_else_gives_no_key() {
        let outage = Outage::new();
        outage.begin();
        let shared = KeySource::Ephemeral.shared(&outage.store(), ES256, NOW).await;
        assert!(matches!(shared, Err(KeyError::Store(_))));
        for wrong in [vec![0; 32], vec![0xff; 32], b"not a key".to_vec()] {
            let store = Outage::new().store();
            let ring = SigningRing::of(RingKey { private: wrong, made_at: 0, signs_from: 0 });
            store.signing_keys().ring_or(ring, NOW).await.unwrap();
            let shared = KeySource::Ephemeral.shared(&store, ES256, NOW).await;
            assert!(matches!(shared, Err(KeyError::Kept)), "{shared:?}");
        }
    }
}
