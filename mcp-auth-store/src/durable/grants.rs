//! Grants that can be refreshed.

use mcp_auth_core::SecretText;
use serde::{Deserialize, Serialize};

use super::clients;
use super::record::{alive, changed, content, gone, put, read, removed};
use super::rows::{Before, Content, Key, Write};
use super::step::MOST_TRIES;
use super::store::Durable;
use crate::{Grant, Grants, Rotate, Rotation, SecretHash, StoreError, StoreFuture};

/// So many grants are ended at once.
const AT_ONCE: usize = 50;

/// A grant, and the secret that was replaced last.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    grant: Grant,
    /// What replaced it is sealed in the row.
    #[serde(default)]
    previous: Option<Previous>,
}

#[derive(Serialize, Deserialize)]
struct Previous {
    secret: SecretHash,
    /// Until when it gives the same next one again, in Unix seconds.
    until: u64,
}

pub(super) fn key(id: &str) -> Key {
    Key::new("grants", id)
}

/// The grants of one person, by the time at which they end.
pub(super) fn of_person(subject: &str) -> String {
    format!("grants of person {subject}")
}

/// The grants of one client, by the time at which they end.
pub(super) fn of_client(client_id: &str) -> String {
    format!("grants of client {client_id}")
}

/// A new grant.
pub(super) fn kept(grant: &Grant) -> Result<Write, StoreError> {
    let after = content(&Kept { grant: grant.clone(), previous: None }, grant.expires_at)?;
    let groups = vec![of_person(&grant.subject), of_client(&grant.client_id)];
    let after = Some(Content { groups, rank: after.forget_at, ..after });
    Ok(Write { key: key(&grant.id), before: Before::Any, after })
}

impl Grants for Durable {
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Grant>> {
        Box::pin(async move { alive(self.row(key(id)).await?.as_ref(), now).map(read).transpose() })
    }

    fn rotate<'a>(&'a self, id: &'a str, rotate: Rotate, now: u64) -> StoreFuture<'a, Rotation> {
        Box::pin(async move {
            let Some(grant) = Grants::find(self, id, now).await? else { return Ok(Rotation::Gone) };
            let keys = [key(id), clients::key(&grant.client_id)];
            loop {
                let rotation = self.step(&keys, now, |rows| {
                    let Some(row) = alive(rows[0].as_ref(), now) else {
                        return Ok((Some(Rotation::Gone), vec![]));
                    };
                    let Kept { grant, previous } = read(row)?;
                    if grant.current != rotate.presented {
                        if !is_within_grace(previous.as_ref(), rotate.presented, now) {
                            return Ok((None, vec![]));
                        }
                        let next = self.unseal(&row.key, row.content.sealed.as_deref())?;
                        let next = String::from_utf8(next).map_err(StoreError::new)?;
                        return Ok((Some(Rotation::Again(SecretText::new(next))), vec![]));
                    }
                    let previous = (rotate.grace > 0).then(|| Previous {
                        secret: rotate.presented,
                        until: now.saturating_add(rotate.grace),
                    });
                    let sealed = match previous {
                        Some(_) => Some(self.seal(&row.key, rotate.next.expose().as_bytes())?),
                        None => None,
                    };
                    let current = SecretHash::of(rotate.next.expose());
                    let (client_key, expires_at) = (rotate.client_key.clone(), rotate.expires_at);
                    let dpop_jkt = grant.dpop_jkt.clone().or_else(|| rotate.dpop_jkt.clone());
                    let next = Grant { current, client_key, dpop_jkt, last_used: now, expires_at, ..grant };
                    let next = changed(row, &Kept { grant: next, previous }, rotate.expires_at)?;
                    let next = Content { rank: next.forget_at, sealed, ..next };
                    let mut writes = vec![put(&row.key, Some(row), next)];
                    if let Some(client) = alive(rows[1].as_ref(), now) {
                        writes.extend(clients::kept_for(client, rotate.expires_at, now)?);
                    }
                    Ok((Some(Rotation::Rotated), writes))
                });
                if let Some(rotation) = rotation.await? {
                    return Ok(rotation);
                }
                // What dies with the grant is found out only where it dies, and then it is looked at once more.
                if self.kill_if_reused(id, rotate.presented, now).await? {
                    return Ok(Rotation::Reused);
                }
            }
        })
    }

    fn revoke<'a>(&'a self, subject: &'a str, id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(self.kill(subject, id, now))
    }

    fn of_person<'a>(&'a self, subject: &'a str, most: usize, now: u64) -> StoreFuture<'a, Vec<Grant>> {
        Box::pin(async move {
            let rows = self.current_of(of_person(subject), most, now).await?;
            rows.iter().map(read).collect()
        })
    }

    fn end_of_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.end_grants(subject, now).await })
    }
}

impl Durable {
    /// Ends the grant if `presented` is an old refresh token of it, and revokes its access tokens. Returns whether it did; if another step came first,
    /// it did not.
    async fn kill_if_reused(&self, id: &str, presented: SecretHash, now: u64) -> Result<bool, StoreError> {
        let row = self.row(key(id)).await?;
        let Some(row) = alive(row.as_ref(), now) else { return Ok(false) };
        let Kept { grant, previous } = read(row)?;
        if grant.current == presented || is_within_grace(previous.as_ref(), presented, now) {
            return Ok(false);
        }
        let revoked = self.dying(&grant.subject, std::iter::once(id), now).await?;
        let (mut writes, revoked) = self.revoking(&grant.subject, &revoked, now).await?;
        writes.push(removed(row));
        let is_done = self.commit(writes, now).await?;
        if is_done {
            self.show_revoked(revoked);
        }
        Ok(is_done)
    }

    /// Ends a grant of this person, kept or not, and revokes its access tokens.
    pub(super) async fn kill(&self, subject: &str, id: &str, now: u64) -> Result<(), StoreError> {
        for _ in 0..MOST_TRIES {
            let revoked = self.dying(subject, std::iter::once(id), now).await?;
            let (mut writes, revoked) = self.revoking(subject, &revoked, now).await?;
            writes.push(gone(key(id)));
            if self.commit(writes, now).await? {
                self.show_revoked(revoked);
                return Ok(());
            }
        }
        Err(StoreError::new("other steps changed the same rows again and again"))
    }

    /// Ends all grants of a person, and revokes their access tokens.
    async fn end_grants(&self, subject: &str, now: u64) -> Result<(), StoreError> {
        loop {
            let rows = self.rows.first_of(of_person(subject), AT_ONCE).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let ids = rows.iter().map(|row| row.key.id.as_str());
            let revoked = self.dying(subject, ids, now).await?;
            let (mut writes, revoked) = self.revoking(subject, &revoked, now).await?;
            writes.extend(rows.into_iter().map(|row| gone(row.key)));
            // Where another step revokes the same, they are read once more.
            if self.commit(writes, now).await? {
                self.show_revoked(revoked);
            }
        }
    }
}

/// Whether this secret was replaced so short a time ago that it gives the same next one again.
fn is_within_grace(previous: Option<&Previous>, presented: SecretHash, now: u64) -> bool {
    previous.is_some_and(|before| before.secret == presented && now < before.until)
}
