//! Grants in SQLite.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::columns::{Hash, Scopes, Whole};
use super::store::SqliteStore;
use crate::{Grant, Grants, Rotate, Rotation, StoreFuture};

impl Grants for SqliteStore {
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Grant>> {
        let id = id.to_owned();
        Box::pin(self.thread.read(move |step| {
            let mut find = step.prepare_cached(
                "SELECT client_id, subject, resource, scopes, auth_time, current, forget_at FROM grants
                 WHERE id = ?1 AND forget_at > ?2",
            )?;
            let grant = |row: &rusqlite::Row<'_>| {
                let (Scopes(scopes), Whole(auth_time)) = (row.get(3)?, row.get(4)?);
                let (Hash(current), Whole(expires_at)) = (row.get(5)?, row.get(6)?);
                Ok(Grant {
                    id: id.clone(),
                    client_id: row.get(0)?,
                    subject: row.get(1)?,
                    resource: row.get(2)?,
                    scopes,
                    auth_time,
                    current,
                    expires_at,
                })
            };
            find.query_row(params![id, Whole(now)], grant).optional()
        }))
    }

    fn rotate<'a>(&'a self, id: &'a str, rotate: Rotate, now: u64) -> StoreFuture<'a, Rotation> {
        let id = id.to_owned();
        Box::pin(self.thread.step(move |step| {
            let mut find =
                step.prepare_cached("SELECT current FROM grants WHERE id = ?1 AND forget_at > ?2")?;
            let current = find.query_row(params![id, Whole(now)], |row| row.get::<_, Hash>(0)).optional()?;
            match current {
                None => Ok(Rotation::Gone),
                Some(Hash(current)) if current != rotate.presented => {
                    remove(step, &id)?;
                    Ok(Rotation::Reused)
                }
                Some(_) => {
                    let mut next =
                        step.prepare_cached("UPDATE grants SET current = ?2, forget_at = ?3 WHERE id = ?1")?;
                    next.execute(params![id, Hash(rotate.next), Whole(rotate.expires_at)])?;
                    Ok(Rotation::Rotated)
                }
            }
        }))
    }

    fn revoke<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        let id = id.to_owned();
        Box::pin(self.thread.step(move |step| remove(step, &id)))
    }
}

pub(super) fn insert(step: &Transaction<'_>, grant: &Grant) -> rusqlite::Result<()> {
    let mut insert = step.prepare_cached(
        "INSERT OR REPLACE INTO grants (id, client_id, subject, resource, scopes, auth_time, current, forget_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    insert
        .execute(params![
            grant.id,
            grant.client_id,
            grant.subject,
            grant.resource,
            Scopes(grant.scopes.clone()),
            Whole(grant.auth_time),
            Hash(grant.current),
            Whole(grant.expires_at)
        ])
        .map(drop)
}

pub(super) fn remove(step: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    step.prepare_cached("DELETE FROM grants WHERE id = ?1")?.execute([id]).map(drop)
}
