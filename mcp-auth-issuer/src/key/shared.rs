//! One key for all processes on one store: their tokens are accepted by each other.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use mcp_auth_store::{SealingKey, Store};

use super::{KeyError, KeySource, SigningKey};

/// What the store keeps it as.
const PURPOSE: &str = "issuer-signing-key";

impl KeySource {
    /// The key that all processes on `store` use, where the store lasts: that of the first one, which brought its own or made it. A store
    /// in memory has no other process, and a key that the program gives is the program's word: nothing is changed then.
    ///
    /// # Errors
    /// [`KeyError`]: the store cannot be read, or holds something else.
    pub async fn shared(self, store: &Store) -> Result<Self, KeyError> {
        if !store.lasts() || matches!(self, Self::Given(_)) {
            return Ok(self);
        }
        let own = match &self {
            Self::StateDir(dir) => SigningKey::load(dir)?,
            Self::Ephemeral | Self::Given(_) => None,
        };
        let fresh = match &own {
            Some(own) => own.clone(),
            None => SigningKey::generate()?,
        };
        let kept = store.sealing_keys().key(PURPOSE, SealingKey::new(fresh.scalar()?)).await;
        let kept = SigningKey::from_scalar(kept.map_err(KeyError::Store)?.as_bytes())?;
        if own.is_some_and(|own| own.kid() != kept.kid()) {
            tracing::warn!(
                kid = kept.kid(),
                "the signing key of issuer.state_dir is not used: the store has another one, which all its servers use"
            );
        }
        Ok(Self::Given(kept))
    }
}

impl SigningKey {
    /// The 32 bytes of the private key.
    fn scalar(&self) -> Result<[u8; 32], KeyError> {
        let private: EcPrivateKeyBin<'_> =
            self.pair.private_key().as_be_bytes().map_err(|_| KeyError::Generate)?;
        private.as_ref().try_into().map_err(|_| KeyError::Generate)
    }

    fn from_scalar(scalar: &[u8; 32]) -> Result<Self, KeyError> {
        let public = PrivateKey::from_private_key(&ECDH_P256, scalar).map_err(|_| KeyError::Shared)?;
        let public = public.compute_public_key().map_err(|_| KeyError::Shared)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            scalar,
            public.as_ref(),
        );
        pair.map(Self::new).map_err(|_| KeyError::Shared)
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_store::{Caps, Outage};

    use super::*;

    async fn kid(source: KeySource, store: &Store) -> String {
        source.shared(store).await.unwrap().open().unwrap().kid().to_owned()
    }

    #[tokio::test]
    async fn all_on_one_store_have_the_key_of_the_first_and_what_it_signs_is_good_for_each() {
        let (store, directory) = (Outage::new().store(), tempfile::tempdir().unwrap());
        let own = SigningKey::load_or_create(directory.path()).unwrap();
        let in_file = || KeySource::StateDir(directory.path().to_owned());
        // The key that was in use before the store lasts stays in use.
        assert_eq!(kid(in_file(), &store).await, own.kid());
        let other = KeySource::Ephemeral.shared(&store).await.unwrap().open().unwrap();
        assert_eq!(other.kid(), own.kid());
        let claims = serde_json::json!({ "sub": "ann", "client_id": "a", "iat": 1, "exp": 2, "jti": "j" });
        assert!(own.own(&other.mint(&claims).unwrap()).is_some());
        assert!(other.own(&own.mint(&claims).unwrap()).is_some());
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
    async fn a_store_that_is_down_or_holds_something_else_gives_no_key() {
        let outage = Outage::new();
        outage.begin();
        assert!(matches!(KeySource::Ephemeral.shared(&outage.store()).await, Err(KeyError::Store(_))));
        outage.end();
        for wrong in [[0; 32], [0xff; 32]] {
            let store = Outage::new().store();
            store.sealing_keys().key(PURPOSE, SealingKey::new(wrong)).await.unwrap();
            assert!(matches!(KeySource::Ephemeral.shared(&store).await, Err(KeyError::Shared)));
        }
    }
}
