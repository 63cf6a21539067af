//! The backend that lasts, on any database.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth_core::ambient::Random;
use tokio::sync::Mutex;

use super::clients::MostClients;
use super::open_error::OpenError;
use super::rows::{Key, Rows};
use super::transfer::filling;
use super::vault::StoreKeys;
use crate::{Backend, RevocationBoard, StoreError};

/// How many steps of this process on different rows try at once.
const TURNS: usize = 256;
/// How often it is swept when a store is opened.
const SWEEPS_AT_START: usize = 16;

/// A [`Backend`] that lasts, in any database that keeps [`Rows`]. Cloning shares it.
///
/// Secrets are in it as hashes. Sealing keys, the state of sessions, the arguments of calls that wait for their person, and with a grace the
/// newest refresh token of a grant are encrypted.
#[derive(Clone)]
pub struct Durable {
    pub(super) rows: Arc<dyn Rows>,
    keys: Arc<StoreKeys>,
    random: Arc<dyn Random>,
    turns: Arc<[Mutex<()>]>,
    changes: Arc<AtomicUsize>,
    pub(super) board: Arc<RevocationBoard>,
    pub(super) most_clients: MostClients,
}

impl Durable {
    /// The store in these rows. What has to be read back is encrypted with `keys`; what one from before encrypted is encrypted anew.
    /// Some of what has ended at `now` (Unix seconds) is swept.
    ///
    /// # Errors
    /// [`OpenError::Key`] where the store is not of these keys; [`OpenError::Database`].
    pub async fn open(
        rows: Arc<dyn Rows>,
        keys: StoreKeys,
        random: Arc<dyn Random>,
        now: u64,
    ) -> Result<Self, OpenError> {
        let turns = (0..TURNS).map(|_| Mutex::new(())).collect();
        let store = Self {
            rows,
            keys: Arc::new(keys),
            random,
            turns,
            changes: Arc::default(),
            board: Arc::default(),
            most_clients: MostClients::USUAL,
        };
        store.try_key(now).await?;
        if store.row(filling()).await.map_err(OpenError::Database)?.is_some() {
            return Err(OpenError::Half);
        }
        for _ in 0..SWEEPS_AT_START {
            if store.sweep(now).await.map_err(OpenError::Database)? == 0 {
                break;
            }
        }
        Ok(store)
    }

    /// Whose turn it is among the steps that begin with this row.
    pub(super) fn turn(&self, key: &Key) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or_default();
        &self.turns[at]
    }

    /// A name for a change that no other one has.
    pub(super) fn stamp(&self) -> u64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        u64::from_be_bytes(bytes) >> 1
    }

    pub(super) fn is_time_to_sweep(&self, every: usize) -> bool {
        self.changes.fetch_add(1, Ordering::Relaxed).is_multiple_of(every)
    }

    /// `secret` of the row `key`, encrypted.
    pub(super) fn seal(&self, key: &Key, secret: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.keys.seal(&name(key), secret, &*self.random)
    }

    /// What is sealed in the row `key`.
    pub(super) fn unseal(&self, key: &Key, sealed: Option<&[u8]>) -> Result<Vec<u8>, StoreError> {
        let sealed =
            sealed.ok_or_else(|| StoreError::new("a row of the store lacks what is sealed in it"))?;
        self.keys.open(&name(key), sealed)
    }

    pub(super) fn random(&self) -> &dyn Random {
        &*self.random
    }

    pub(super) fn keys(&self) -> &StoreKeys {
        &self.keys
    }
}

/// What is authenticated with a sealed text, so that nothing is moved to another row.
fn name(key: &Key) -> Vec<u8> {
    format!("{} {}", key.kind, key.id).into_bytes()
}

impl Backend for Durable {
    fn lasts(&self) -> bool {
        true
    }
}

impl fmt::Debug for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Durable")
    }
}
