//! What was begun and waits for its end. What it is about is encrypted.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use mcp_auth_core::SecretText;

use super::record::{alive, content, gone, read, removed};
use super::rows::{Before, Content, Key, Row, Write};
use super::store::Durable;
use crate::aggregate::{MOST_OF_AN_OWNER, MOST_TRANSACTIONS};
use crate::{SecretHash, StoreError, StoreFuture, Transaction, Transactions};

/// A transaction, without what it is about.
#[derive(Serialize, Deserialize)]
struct Begun {
    owner: String,
    expires_at: u64,
}

/// So many are forgotten at once, over the most that may wait.
const AT_ONCE: usize = 100;
/// And so many over the most of one owner.
const OF_AN_OWNER_AT_ONCE: usize = 10;

fn key(kind: &str, id: SecretHash) -> Key {
    Key::new("transactions", format!("{kind} {}", id.digits()))
}

/// Those of one kind, by the time at which they end.
fn group(kind: &str) -> String {
    format!("transactions of {kind}")
}

/// Those of one kind and owner, in the same order.
fn group_of(kind: &str, owner: &str) -> String {
    format!("transactions of {kind} by {}", SecretHash::of(owner).digits())
}

impl Transactions for Durable {
    fn begin<'a>(
        &'a self,
        kind: &'a str,
        id: SecretHash,
        transaction: Transaction,
        now: u64,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let Transaction { owner, about, expires_at } = transaction;
            let key = key(kind, id);
            let sealed = Some(self.seal(&key, about.expose().as_bytes())?);
            let groups = vec![group(kind), group_of(kind, &owner)];
            let bounds = [(MOST_TRANSACTIONS, AT_ONCE), (MOST_OF_AN_OWNER, OF_AN_OWNER_AT_ONCE)];
            let mut over = BTreeSet::new();
            for (group, (most, at_once)) in groups.iter().zip(bounds) {
                let count = self.rows.count(group.clone(), 0).await?;
                if usize::try_from(count).map_or(true, |count| count >= most) {
                    let first = self.rows.first_of(group.clone(), at_once).await?;
                    over.extend(first.into_iter().map(|row| row.key).filter(|first| *first != key));
                }
            }
            let kept = content(&Begun { owner, expires_at }, expires_at)?;
            let kept = Content { sealed, groups, rank: kept.forget_at, ..kept };
            let mut writes = vec![Write { key, before: Before::Any, after: Some(kept) }];
            writes.extend(over.into_iter().map(gone));
            self.commit(writes, now).await.map(drop)
        })
    }

    fn find<'a>(&'a self, kind: &'a str, id: SecretHash, now: u64) -> StoreFuture<'a, Option<Transaction>> {
        Box::pin(async move {
            let row = self.row(key(kind, id)).await?;
            alive(row.as_ref(), now).map(|row| self.begun(row)).transpose()
        })
    }

    fn take<'a>(&'a self, kind: &'a str, id: SecretHash, now: u64) -> StoreFuture<'a, Option<Transaction>> {
        Box::pin(async move {
            self.step(&[key(kind, id)], now, |rows| match alive(rows[0].as_ref(), now) {
                Some(row) => Ok((Some(self.begun(row)?), vec![removed(row)])),
                None => Ok((None, vec![])),
            })
            .await
        })
    }
}

impl Durable {
    fn begun(&self, row: &Row) -> Result<Transaction, StoreError> {
        let Begun { owner, expires_at } = read(row)?;
        let about = self.unseal(&row.key, row.content.sealed.as_deref())?;
        let about = SecretText::new(String::from_utf8(about).map_err(StoreError::new)?);
        Ok(Transaction { owner, about, expires_at })
    }
}
