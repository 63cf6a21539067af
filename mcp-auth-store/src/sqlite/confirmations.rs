//! Calls that wait for their person, in SQLite. Their arguments are encrypted.

use rusqlite::{OptionalExtension as _, params};

use super::columns::{Hash, Whole};
use super::store::SqliteStore;
use super::sweep::{Table, sweep};
use crate::{Answer, Confirmation, Confirmations, MOST_WAITING, SecretHash, StoreError, StoreFuture, Taken};

/// The answers as they are written.
const ANSWERS: [(Answer, i64); 3] = [(Answer::Allowed, 1), (Answer::Denied, 2), (Answer::Foreign, 3)];

impl Confirmations for SqliteStore {
    fn ask(&self, id: SecretHash, confirmation: Confirmation, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let Confirmation { subject, client_id, tool, arguments, expires_at } = confirmation;
            let sealed = self.keys.seal(&row(id), arguments.as_bytes(), &*self.random)?;
            let step = self.thread.step(move |step| {
                sweep(step, Table::Confirmations, now)?;
                let mut waiting = step.prepare_cached(
                    "SELECT count(*) FROM confirmations WHERE subject = ?1 AND answer IS NULL AND forget_at > ?2",
                )?;
                let waiting: i64 = waiting.query_row(params![subject, Whole(now)], |row| row.get(0))?;
                if usize::try_from(waiting).unwrap_or(usize::MAX) >= MOST_WAITING {
                    return Ok(false);
                }
                let mut ask = step.prepare_cached(
                    "INSERT OR REPLACE INTO confirmations (id, subject, client_id, tool, arguments, forget_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?;
                ask.execute(params![Hash(id), subject, client_id, tool, sealed, Whole(expires_at)])?;
                Ok(true)
            });
            step.await
        })
    }

    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Confirmation>> {
        Box::pin(async move {
            let step = self.thread.read(move |step| {
                let mut find = step.prepare_cached(
                    "SELECT subject, client_id, tool, arguments, forget_at FROM confirmations
                     WHERE id = ?1 AND answer IS NULL AND forget_at > ?2",
                )?;
                let waiting = |row: &rusqlite::Row<'_>| {
                    let (arguments, Whole(expires_at)) = (String::new(), row.get(4)?);
                    let sealed: Vec<u8> = row.get(3)?;
                    let (subject, client_id, tool) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok((Confirmation { subject, client_id, tool, arguments, expires_at }, sealed))
                };
                find.query_row(params![Hash(id), Whole(now)], waiting).optional()
            });
            let Some((confirmation, sealed)) = step.await? else { return Ok(None) };
            let arguments = String::from_utf8(self.keys.open(&row(id), &sealed)?).map_err(StoreError::new)?;
            Ok(Some(Confirmation { arguments, ..confirmation }))
        })
    }

    fn answer(&self, id: SecretHash, answer: Answer, now: u64) -> StoreFuture<'_, bool> {
        let written = ANSWERS.iter().find(|(known, _)| *known == answer).map(|(_, written)| *written);
        Box::pin(self.thread.step(move |step| {
            let mut keep = step.prepare_cached(
                "UPDATE confirmations SET answer = ?2, arguments = x'' WHERE id = ?1 AND answer IS NULL AND forget_at > ?3",
            )?;
            Ok(keep.execute(params![Hash(id), written, Whole(now)])? == 1)
        }))
    }

    fn take(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Taken> {
        Box::pin(self.thread.step(move |step| {
            let mut find =
                step.prepare_cached("SELECT answer FROM confirmations WHERE id = ?1 AND forget_at > ?2")?;
            let found = find
                .query_row(params![Hash(id), Whole(now)], |row| row.get::<_, Option<i64>>(0))
                .optional()?;
            let written = match found {
                None => return Ok(Taken::Gone),
                Some(None) => return Ok(Taken::Waiting),
                Some(Some(written)) => written,
            };
            step.prepare_cached("DELETE FROM confirmations WHERE id = ?1")?.execute([Hash(id)])?;
            let answer = ANSWERS.iter().find(|(_, known)| *known == written).map(|(answer, _)| *answer);
            Ok(answer.map_or(Taken::Gone, Taken::Answered))
        }))
    }
}

fn row(id: SecretHash) -> Vec<u8> {
    [b"confirmations ".as_slice(), id.as_bytes()].concat()
}
