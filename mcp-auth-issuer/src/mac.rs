//! Message authentication codes by a key that the store keeps, so that one process recognises what another one made.

use std::sync::OnceLock;

use aws_lc_rs::hmac;
use mcp_auth_core::ambient::Random;
use mcp_auth_store::{SealingKey, Store, StoreError};

/// The key of one purpose.
pub(crate) struct StoreMac {
    store: Store,
    purpose: &'static str,
    /// The key, if the store has none yet.
    fresh: SealingKey,
    key: OnceLock<hmac::Key>,
}

impl StoreMac {
    /// With the key that `store` keeps for `purpose`, or a new one of `random` that it keeps then.
    pub(crate) fn new(store: Store, purpose: &'static str, random: &dyn Random) -> Self {
        Self { store, purpose, fresh: SealingKey::random(random), key: OnceLock::new() }
    }

    /// The key (HMAC with SHA-256). It is asked for when it is first needed, and again as long as the store cannot tell it.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell the key now.
    pub(crate) async fn key(&self) -> Result<&hmac::Key, StoreError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let kept = self.store.sealing_keys().key(self.purpose, self.fresh.clone()).await?;
        // Requests that ask at once get the same key.
        Ok(self.key.get_or_init(|| hmac::Key::new(hmac::HMAC_SHA256, kept.as_bytes())))
    }
}
