//! Sealing keys in SQLite, encrypted.

use rusqlite::params;

use super::store::SqliteStore;
use crate::{SealingKey, SealingKeys, StoreError, StoreFuture};

impl SealingKeys for SqliteStore {
    fn key<'a>(&'a self, purpose: &'a str, fresh: SealingKey) -> StoreFuture<'a, SealingKey> {
        Box::pin(async move {
            let row = format!("sealing_keys {purpose}");
            let fresh = self.keys.seal(row.as_bytes(), fresh.as_bytes(), &*self.random)?;
            let purpose = purpose.to_owned();
            let step = self.thread.step(move |step| {
                let mut keep = step.prepare_cached(
                    "INSERT INTO sealing_keys (purpose, key) VALUES (?1, ?2) ON CONFLICT (purpose) DO NOTHING",
                )?;
                keep.execute(params![purpose, fresh])?;
                let mut find = step.prepare_cached("SELECT key FROM sealing_keys WHERE purpose = ?1")?;
                find.query_row([purpose], |row| row.get::<_, Vec<u8>>(0))
            });
            let key = self.keys.open(row.as_bytes(), &step.await?)?;
            let key =
                <[u8; 32]>::try_from(key).map_err(|_| StoreError::new("a sealing key has another length"))?;
            Ok(SealingKey::new(key))
        })
    }
}
