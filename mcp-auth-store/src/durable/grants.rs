//! Grants that can be refreshed.

use std::collections::BTreeMap;

use mcp_auth_core::SecretText;
use serde::{Deserialize, Serialize};

use super::record::{alive, changed, content, gone, put, read, removed};
use super::rows::{Before, Content, Key, Write};
use super::store::Durable;
use super::{clients, revocations};
use crate::{Grant, Grants, Revoked, Rotate, Rotation, SecretHash, StoreError, StoreFuture};

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
            let mut revoked: Option<Vec<Revoked>> = None;
            loop {
                let rotation = self.step(&keys, now, |rows| {
                    let Some(row) = alive(rows[0].as_ref(), now) else {
                        return Ok((Some(Rotation::Gone), vec![]));
                    };
                    let Kept { grant, previous } = read(row)?;
                    if grant.current != rotate.presented {
                        if previous
                            .is_some_and(|before| before.secret == rotate.presented && now < before.until)
                        {
                            let next = self.unseal(&row.key, row.content.sealed.as_deref())?;
                            let next = String::from_utf8(next).map_err(StoreError::new)?;
                            return Ok((Some(Rotation::Again(SecretText::new(next))), vec![]));
                        }
                        let Some(revoked) = &revoked else { return Ok((None, vec![])) };
                        let mut writes = vec![removed(row)];
                        for of in revoked {
                            writes.push(revocations::write_of(&grant.subject, of, now)?);
                        }
                        return Ok((Some(Rotation::Reused), writes));
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
                match (rotation.await?, &revoked) {
                    // What dies with the grant is found out only where it dies, and then it is looked at once more.
                    (None, _) => {
                        let grants = std::iter::once(id);
                        revoked = Some(self.dying(&grant.subject, grants, now).await?);
                    }
                    (Some(Rotation::Reused), Some(revoked)) => {
                        revoked.iter().for_each(|of| self.show_revoked(of.clone(), now));
                        return Ok(Rotation::Reused);
                    }
                    (Some(rotation), _) => return Ok(rotation),
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
        Box::pin(async move { self.end_grants(of_person(subject), now).await })
    }
}

impl Durable {
    /// Ends a grant of this person, kept or not, and revokes its access tokens.
    pub(super) async fn kill(&self, subject: &str, id: &str, now: u64) -> Result<(), StoreError> {
        let revoked = self.dying(subject, std::iter::once(id), now).await?;
        let mut writes = vec![gone(key(id))];
        for of in &revoked {
            writes.push(revocations::write_of(subject, of, now)?);
        }
        self.commit(writes, now).await?;
        revoked.into_iter().for_each(|of| self.show_revoked(of, now));
        Ok(())
    }

    /// Ends all grants of a group, and revokes their access tokens.
    pub(super) async fn end_grants(&self, group: String, now: u64) -> Result<(), StoreError> {
        loop {
            let rows = self.rows.first_of(group.clone(), AT_ONCE).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut of_people = BTreeMap::<String, Vec<String>>::new();
            for row in &rows {
                let Grant { subject, id, .. } = read::<Kept>(row)?.grant;
                of_people.entry(subject).or_default().push(id);
            }
            let (mut writes, mut revoked) = (Vec::with_capacity(2 * rows.len()), Vec::new());
            writes.extend(rows.into_iter().map(|row| gone(row.key)));
            for (subject, grants) in of_people {
                for of in self.dying(&subject, grants.iter().map(String::as_str), now).await? {
                    writes.push(revocations::write_of(&subject, &of, now)?);
                    revoked.push(of);
                }
            }
            self.commit(writes, now).await?;
            revoked.into_iter().for_each(|revoked| self.show_revoked(revoked, now));
        }
    }
}
