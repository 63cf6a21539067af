//! Grants that can be refreshed.

use super::record::{alive, changed, content, gone, put, read, removed};
use super::rows::{Before, Content, Key, Write};
use super::store::Durable;
use crate::{Grant, Grants, Rotate, Rotation, StoreError, StoreFuture};

pub(super) fn key(id: &str) -> Key {
    Key::new("grants", id)
}

/// A new grant.
pub(super) fn kept(grant: &Grant) -> Result<Write, StoreError> {
    let after = content(grant, grant.expires_at)?;
    let groups =
        vec![format!("grants of person {}", grant.subject), format!("grants of client {}", grant.client_id)];
    let after = Some(Content { groups, rank: after.forget_at, ..after });
    Ok(Write { key: key(&grant.id), before: Before::Any, after })
}

impl Grants for Durable {
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Grant>> {
        Box::pin(async move { alive(self.row(key(id)).await?.as_ref(), now).map(read).transpose() })
    }

    fn rotate<'a>(&'a self, id: &'a str, rotate: Rotate, now: u64) -> StoreFuture<'a, Rotation> {
        Box::pin(async move {
            self.step(&[key(id)], now, |rows| {
                let Some(row) = alive(rows[0].as_ref(), now) else { return Ok((Rotation::Gone, vec![])) };
                let grant: Grant = read(row)?;
                if grant.current != rotate.presented {
                    return Ok((Rotation::Reused, vec![removed(row)]));
                }
                let next = Grant { current: rotate.next, expires_at: rotate.expires_at, ..grant };
                let next = changed(row, &next, rotate.expires_at)?;
                let next = Content { rank: next.forget_at, ..next };
                Ok((Rotation::Rotated, vec![put(&row.key, Some(row), next)]))
            })
            .await
        })
    }

    fn revoke<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.commit(vec![gone(key(id))], 0).await.map(drop) })
    }
}
