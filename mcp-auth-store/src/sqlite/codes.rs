//! Codes in SQLite. To issue one and to redeem one touch clients, consents and grants in the same transaction.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::columns::{Hash, Scopes, Whole};
use super::grants;
use super::store::SqliteStore;
use super::sweep::{Table, sweep};
use crate::{Code, Codes, Grant, Redemption, SecretHash, StoreFuture};

/// How long a code is remembered after it expired, in seconds, so that a late replay still kills the tokens.
const REPLAY_MEMORY: u64 = 600;

impl Codes for SqliteStore {
    fn issue(&self, hash: SecretHash, code: Code, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(self.thread.step(move |step| {
            sweep(step, Table::Codes, now)?;
            remember_consent(step, &code)?;
            let mut insert = step.prepare_cached(
                "INSERT OR REPLACE INTO codes (hash, client_id, subject, redirect_uri, code_challenge, resource, scopes, auth_time,
                 expires_at, forget_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?;
            let forget_at = Whole(code.expires_at.saturating_add(REPLAY_MEMORY));
            insert
                .execute(params![
                    Hash(hash),
                    code.client_id,
                    code.subject,
                    code.redirect_uri,
                    code.code_challenge,
                    code.resource,
                    Scopes(code.scopes),
                    Whole(code.auth_time),
                    Whole(code.expires_at),
                    forget_at
                ])
                .map(drop)
        }))
    }

    fn find(&self, hash: SecretHash) -> StoreFuture<'_, Option<Code>> {
        Box::pin(self.thread.read(move |step| {
            let mut find = step.prepare_cached(
                "SELECT client_id, subject, redirect_uri, code_challenge, resource, scopes, auth_time, expires_at
                 FROM codes WHERE hash = ?1",
            )?;
            let code = |row: &rusqlite::Row<'_>| {
                let (Scopes(scopes), Whole(auth_time), Whole(expires_at)) = (row.get(5)?, row.get(6)?, row.get(7)?);
                Ok(Code {
                    client_id: row.get(0)?,
                    subject: row.get(1)?,
                    redirect_uri: row.get(2)?,
                    code_challenge: row.get(3)?,
                    resource: row.get(4)?,
                    scopes,
                    auth_time,
                    expires_at,
                })
            };
            find.query_row([Hash(hash)], code).optional()
        }))
    }

    fn redeem(&self, hash: SecretHash, grant: Option<Grant>, now: u64) -> StoreFuture<'_, Redemption> {
        Box::pin(self.thread.step(move |step| {
            let mut find =
                step.prepare_cached("SELECT used, grant_id, expires_at FROM codes WHERE hash = ?1")?;
            let found = find.query_row([Hash(hash)], |row| {
                let (used, grant_id, Whole(expires_at)) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok((used, grant_id, expires_at))
            });
            let found: Option<(bool, Option<String>, u64)> = found.optional()?;
            match found {
                None => Ok(Redemption::Gone),
                Some((true, grant_id, _)) => {
                    if let Some(id) = grant_id {
                        grants::remove(step, &id)?;
                    }
                    Ok(Redemption::Replayed)
                }
                Some((false, _, expires_at)) if expires_at <= now => Ok(Redemption::Gone),
                Some((false, ..)) => {
                    let mut used =
                        step.prepare_cached("UPDATE codes SET used = 1, grant_id = ?2 WHERE hash = ?1")?;
                    used.execute(params![Hash(hash), grant.as_ref().map(|grant| &grant.id)])?;
                    if let Some(grant) = grant {
                        sweep(step, Table::Grants, now)?;
                        grants::insert(step, &grant)?;
                    }
                    Ok(Redemption::First)
                }
            }
        }))
    }
}

/// A person allowed a client something, which was used by that.
fn remember_consent(step: &Transaction<'_>, code: &Code) -> rusqlite::Result<()> {
    let mut used = step.prepare_cached(
        "UPDATE clients SET last_used = (SELECT coalesce(max(last_used), 0) + 1 FROM clients) WHERE id = ?1",
    )?;
    if used.execute([&code.client_id])? == 0 {
        return Ok(()); // not one that registered itself
    }
    let mut find =
        step.prepare_cached("SELECT scopes FROM consents WHERE client_id = ?1 AND subject = ?2")?;
    let before =
        find.query_row(params![code.client_id, code.subject], |row| row.get::<_, Scopes>(0)).optional()?;
    let mut allowed = before.map(|scopes| scopes.0).unwrap_or_default();
    allowed.extend(code.scopes.iter().cloned());
    let mut keep = step
        .prepare_cached("INSERT OR REPLACE INTO consents (client_id, subject, scopes) VALUES (?1, ?2, ?3)")?;
    keep.execute(params![code.client_id, code.subject, Scopes(allowed)]).map(drop)
}
