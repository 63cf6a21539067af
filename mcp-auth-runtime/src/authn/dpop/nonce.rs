//! Nonces that this server gives (RFC 9449 §9): a MAC of a slot of time, so none is remembered. The key is the store's, so
//! every instance takes every other's.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_core::ambient::Random;
use mcp_auth_store::{SealingKey, Store, StoreError};
use tokio::sync::OnceCell;

/// What the store keeps the key for.
const PURPOSE: &str = "dpop-nonce";
/// How long one nonce is given, in seconds. It is taken as long again.
const SLOT_SECS: u64 = 300;

/// Gives nonces, and knows them again.
pub(super) struct Nonces {
    store: Store,
    /// The key, where the store has none yet.
    fresh: SealingKey,
    key: OnceCell<hmac::Key>,
}

impl Nonces {
    /// With the key that `store` keeps, or a new one that it keeps then.
    pub(super) fn new(store: Store, random: &dyn Random) -> Self {
        Self { store, fresh: SealingKey::random(random), key: OnceCell::new() }
    }

    /// The nonce of this slot.
    pub(super) async fn given(&self, now: u64) -> Result<String, StoreError> {
        let tag = hmac::sign(self.key().await?, &message(now / SLOT_SECS));
        Ok(URL_SAFE_NO_PAD.encode(tag))
    }

    /// Whether it is that of this slot, or of the last one.
    pub(super) async fn takes(&self, nonce: &str, now: u64) -> Result<bool, StoreError> {
        let key = self.key().await?;
        let Ok(tag) = URL_SAFE_NO_PAD.decode(nonce) else { return Ok(false) };
        let slot = now / SLOT_SECS;
        let is_of = |slot| hmac::verify(key, &message(slot), &tag).is_ok();
        Ok(is_of(slot) || is_of(slot.saturating_sub(1)))
    }

    /// The key is asked for when it is first needed, and again as long as the store cannot say it.
    async fn key(&self) -> Result<&hmac::Key, StoreError> {
        let key = || async {
            let key = self.store.sealing_keys().key(PURPOSE, self.fresh.clone()).await?;
            Ok(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))
        };
        self.key.get_or_try_init(key).await
    }
}

fn message(slot: u64) -> [u8; 8] {
    slot.to_be_bytes()
}
