//! Clients that registered themselves.

use super::consents;
use super::record::{changed, content, gone, put, read};
use super::rows::{Before, Content, Key, MOST, Row, Write};
use super::store::Durable;
use crate::{Client, Clients, StoreError, StoreFuture};

/// So many clients are kept. Anyone can register one.
const MOST_CLIENTS: u64 = 10_000;
/// So many consents of a client are removed at once.
const AT_ONCE: usize = 100;

/// The clients that nobody ever allowed anything, by the time at which they registered.
const UNUSED: &str = "clients, unused";
/// The others, by the time at which they were used.
const USED: &str = "clients, used";

pub(super) fn key(id: &str) -> Key {
    Key::new("clients", id)
}

impl Clients for Durable {
    fn register(&self, client: Client, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let key = key(&client.id);
            self.make_room_for_a_client(now).await?;
            self.forget_consents(&client.id, now).await?;
            let kept = content(&client, MOST)?;
            let after = Some(Content { groups: vec![UNUSED.to_owned()], rank: now.min(MOST), ..kept });
            self.commit(vec![Write { key, before: Before::Any, after }], now).await.map(drop)
        })
    }

    fn find<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Client>> {
        Box::pin(async move { self.row(key(id)).await?.as_ref().map(read).transpose() })
    }
}

/// The client of `row` was used.
pub(super) fn used(row: &Row, now: u64) -> Result<Write, StoreError> {
    let client: Client = read(row)?;
    let used = changed(row, &client, row.content.forget_at)?;
    Ok(put(&row.key, Some(row), Content { groups: vec![USED.to_owned()], rank: now.min(MOST), ..used }))
}

impl Durable {
    /// Where there are too many, the one goes that was used longest ago; first those that nobody ever allowed anything.
    async fn make_room_for_a_client(&self, now: u64) -> Result<(), StoreError> {
        let (unused, used) =
            (self.rows.count(UNUSED.to_owned(), 0).await?, self.rows.count(USED.to_owned(), 0).await?);
        if unused + used < MOST_CLIENTS {
            return Ok(());
        }
        let from = if unused > 0 { UNUSED } else { USED };
        for row in self.rows.first_of(from.to_owned(), 1).await? {
            self.forget_consents(&row.key.id, now).await?;
            self.commit(vec![gone(row.key)], now).await?;
        }
        Ok(())
    }

    /// What people allowed a client goes with it.
    async fn forget_consents(&self, client_id: &str, now: u64) -> Result<(), StoreError> {
        loop {
            let consents = self.rows.first_of(consents::of_client(client_id), AT_ONCE).await?;
            if consents.is_empty() {
                return Ok(());
            }
            self.commit(consents.into_iter().map(|row| gone(row.key)).collect(), now).await?;
        }
    }
}
