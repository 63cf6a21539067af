//! Sealing keys, encrypted; and the keys of the store itself, which are tried when it is opened.

use std::slice::from_ref;

use super::open_error::OpenError;
use super::record::{content, put};
use super::rows::{Key, MOST, Row};
use super::store::Durable;
use super::vault::Unopened;
use crate::{SealingKey, SealingKeys, StoreError, StoreFuture};

/// A row that every store has, so that the key of an empty one is tried too.
const TRIED: &str = "store";
/// The row by which a store knows its own key.
pub(super) fn tried() -> Key {
    Key::new("sealing_keys", TRIED)
}

/// So many rows are encrypted anew at once.
const AT_ONCE: usize = 100;

impl SealingKeys for Durable {
    fn key<'a>(&'a self, purpose: &'a str, fresh: SealingKey) -> StoreFuture<'a, SealingKey> {
        Box::pin(async move {
            let key = Key::new("sealing_keys", purpose);
            self.step(from_ref(&key), 0, |rows| match &rows[0] {
                Some(row) => Ok((self.sealing_key(row)?, vec![])),
                None => {
                    let mut kept = content(&serde_json::json!({}), MOST)?;
                    kept.sealed = Some(self.seal(&key, fresh.as_bytes())?);
                    Ok((fresh.clone(), vec![put(&key, None, kept)]))
                }
            })
            .await
        })
    }
}

impl Durable {
    pub(super) fn sealing_key(&self, row: &Row) -> Result<SealingKey, StoreError> {
        let key = self.unseal(&row.key, row.content.sealed.as_deref())?;
        let key =
            <[u8; 32]>::try_from(key).map_err(|_| StoreError::new("a sealing key has another length"))?;
        Ok(SealingKey::new(key))
    }

    /// Tries the keys, so that a store is not used with one that is not its own. Where there are some from before, all that they
    /// encrypted is encrypted anew, so that they can be left out at the next start.
    ///
    /// # Errors
    /// [`OpenError::Key`]; [`OpenError::Database`].
    pub(super) async fn try_key(&self, now: u64) -> Result<(), OpenError> {
        let row = self.row(tried()).await.map_err(OpenError::Database)?;
        match row {
            Some(row) => self.sealing_key(&row).map(drop).map_err(|error| self.why(error))?,
            None => {
                // Another process may have been first, with another key.
                let kept = self.key(TRIED, SealingKey::random(self.random())).await;
                kept.map(drop).map_err(|error| self.why(error))?;
            }
        }
        if self.keys().have_before() { self.encrypt_anew(now).await } else { Ok(()) }
    }

    fn why(&self, error: StoreError) -> OpenError {
        match error.cause().downcast_ref() {
            Some(Unopened::Key) => OpenError::Key,
            _ => OpenError::Database(error),
        }
    }

    async fn encrypt_anew(&self, now: u64) -> Result<(), OpenError> {
        let mut from = None;
        loop {
            let page = self.rows.page(from, AT_ONCE).await.map_err(OpenError::Database)?;
            for row in page.rows {
                let is_old = |row: &Row| {
                    row.content.sealed.as_deref().is_some_and(|sealed| !self.keys().is_current(sealed))
                };
                if !is_old(&row) {
                    continue;
                }
                let key = row.key.clone();
                let keys = [key.clone()];
                let renewed = self.step(&keys, now, |rows| match &rows[0] {
                    Some(row) if is_old(row) => {
                        let secret = self.unseal(&key, row.content.sealed.as_deref())?;
                        let mut renewed = row.content.clone();
                        renewed.sealed = Some(self.seal(&key, &secret)?);
                        Ok(((), vec![put(&key, Some(row), renewed)]))
                    }
                    _ => Ok(((), vec![])),
                });
                renewed.await.map_err(|error| self.why(error))?;
            }
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }
}
