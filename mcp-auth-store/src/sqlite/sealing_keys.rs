//! Sealing keys in SQLite, encrypted.

use mcp_auth_core::ambient::Random;
use rusqlite::{Connection, TransactionBehavior, params};

use super::store::{OpenError, SqliteStore};
use super::vault::StoreKeys;
use crate::{SealingKey, SealingKeys, StoreError, StoreFuture};

/// A row that every store has, so that the key of an empty one is tried too.
const TRIED: &str = "store";

impl SealingKeys for SqliteStore {
    fn key<'a>(&'a self, purpose: &'a str, fresh: SealingKey) -> StoreFuture<'a, SealingKey> {
        Box::pin(async move {
            let fresh = self.keys.seal(&row(purpose), fresh.as_bytes(), &*self.random)?;
            let kept = purpose.to_owned();
            let step = self.thread.step(move |step| {
                let mut keep = step.prepare_cached(
                    "INSERT INTO sealing_keys (purpose, key) VALUES (?1, ?2) ON CONFLICT (purpose) DO NOTHING",
                )?;
                keep.execute(params![kept, fresh])?;
                let mut find = step.prepare_cached("SELECT key FROM sealing_keys WHERE purpose = ?1")?;
                find.query_row([kept], |row| row.get::<_, Vec<u8>>(0))
            });
            let key = self.keys.open(&row(purpose), &step.await?)?;
            let key =
                <[u8; 32]>::try_from(key).map_err(|_| StoreError::new("a sealing key has another length"))?;
            Ok(SealingKey::new(key))
        })
    }
}

fn row(purpose: &str) -> Vec<u8> {
    format!("sealing_keys {purpose}").into_bytes()
}

/// Opens every key, so that a store is not used with a key that is not its own, and encrypts them with the newest one.
///
/// # Errors
/// [`OpenError::Key`] where one cannot be opened.
pub(super) fn try_all(
    connection: &mut Connection,
    keys: &StoreKeys,
    random: &dyn Random,
) -> Result<(), OpenError> {
    let mut fresh = [0; 32];
    random.fill(&mut fresh);
    let seal = |purpose: &str, key: &[u8]| keys.seal(&row(purpose), key, random).map_err(|_| OpenError::Key);
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    step.execute(
        "INSERT INTO sealing_keys (purpose, key) VALUES (?1, ?2) ON CONFLICT (purpose) DO NOTHING",
        params![TRIED, seal(TRIED, &fresh)?],
    )?;
    let kept = step
        .prepare("SELECT purpose, key FROM sealing_keys")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(String, Vec<u8>)>>>()?;
    for (purpose, sealed) in kept {
        let key = keys.open(&row(&purpose), &sealed).map_err(|_| OpenError::Key)?;
        if !keys.is_current(&sealed) {
            let sealed = seal(&purpose, &key)?;
            step.execute("UPDATE sealing_keys SET key = ?2 WHERE purpose = ?1", params![purpose, sealed])?;
        }
    }
    Ok(step.commit()?)
}
