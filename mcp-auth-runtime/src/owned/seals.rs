//! Text that a client keeps for us between two requests: sealed on the way out, opened on the way in, for the same holder and
//! purpose only, and for a time. The key is the store's, so that what one process sealed any other on the store opens.

use std::time::Duration;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::{SealingKey, Store};
use rmcp::ErrorData;
use rmcp::model::{RequestStateCodec, SealOptions};
use tokio::sync::OnceCell;

use super::unavailable::unavailable;

/// Seals and opens text for one purpose.
pub(super) struct Seals {
    store: Store,
    purpose: &'static str,
    /// The key, where the store has none yet.
    fresh: SealingKey,
    codec: OnceCell<RequestStateCodec>,
}

impl Seals {
    /// With the key that `store` keeps for `purpose`, or a new one that it keeps then.
    pub(super) fn new(store: Store, ambient: &Ambient, purpose: &'static str) -> Self {
        let fresh = SealingKey::random(ambient.random.as_ref());
        Self { store, purpose, fresh, codec: OnceCell::new() }
    }

    /// `text`, which is opened with the same `bound` alone (see [`Owner::seal`](super::owner::Owner::seal)), and for `life`.
    ///
    /// # Errors
    /// An internal error where the store cannot say the key: nothing goes out unsealed.
    pub(super) async fn seal(&self, text: &str, bound: &str, life: Duration) -> Result<String, ErrorData> {
        let options = SealOptions::new().associated_data(bound.as_bytes()).ttl(life);
        Ok(self.codec().await?.seal_with(text.as_bytes(), &options))
    }

    /// What was sealed; `None` for a text that is forged, bound to something else, or too old.
    ///
    /// # Errors
    /// An internal error where the store cannot say the key.
    pub(super) async fn open(&self, sealed: &str, bound: &str) -> Result<Option<String>, ErrorData> {
        let opened = self.codec().await?.open_with(sealed, bound.as_bytes()).ok();
        Ok(opened.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// The store of the key.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The key is asked for when it is first needed, and again as long as the store cannot say it.
    async fn codec(&self) -> Result<&RequestStateCodec, ErrorData> {
        let key = || async {
            let key = self.store.sealing_keys().key(self.purpose, self.fresh.clone()).await?;
            Ok(RequestStateCodec::new_unchecked(*key.as_bytes()))
        };
        self.codec.get_or_try_init(key).await.map_err(unavailable)
    }
}
