//! Codes. To issue one touches its client and the consent too, and to redeem one makes or ends a grant.

use serde::{Deserialize, Serialize};

use super::record::{alive, changed, content, put, read};
use super::rows::{Content, Key, Row};
use super::store::Durable;
use super::{clients, consents, grants};
use crate::aggregate::REPLAY_MEMORY;
use crate::{Code, Codes, Grant, Redemption, SecretHash, StoreError, StoreFuture};

#[derive(Serialize, Deserialize)]
struct Issued {
    #[serde(flatten)]
    code: Code,
    used: bool,
    grant_id: Option<String>,
}

fn key(hash: SecretHash) -> Key {
    Key::new("codes", hash.digits())
}

/// Whether a code was used.
pub(super) enum Use {
    Unused,
    /// For the grant with this identifier.
    Used(String),
}

/// What became of the code in `row`, if it was issued to this client.
pub(super) fn of_client(row: &Row, client_id: &str) -> Result<Option<Use>, StoreError> {
    let Issued { code, used, grant_id } = read(row)?;
    Ok((code.client_id == client_id).then_some(match grant_id {
        Some(grant_id) if used => Use::Used(grant_id),
        Some(_) | None => Use::Unused,
    }))
}

/// The codes that one person allowed.
pub(super) fn of_person(subject: &str) -> String {
    format!("codes of person {subject}")
}

/// What became of a code, or whose it is and for which grant where it was used before.
enum Redeemed {
    Done(Redemption),
    Again(String, Option<String>),
}

impl Codes for Durable {
    fn issue(&self, hash: SecretHash, code: Code, now: u64) -> StoreFuture<'_, Vec<String>> {
        Box::pin(async move {
            let keys =
                [key(hash), clients::key(&code.client_id), consents::key(&code.subject, &code.client_id)];
            let forget_at = code.expires_at.saturating_add(REPLAY_MEMORY);
            let issued = Issued { code, used: false, grant_id: None };
            let is_one_more = self.step(&keys, now, |rows| {
                let kept = content(&issued, forget_at)?;
                let kept = Content { groups: vec![of_person(&issued.code.subject)], ..kept };
                let mut writes = vec![put(&keys[0], rows[0].as_ref(), kept)];
                let (consent, of) = (rows[2].as_ref(), (&*issued.code.subject, &*issued.code.client_id));
                let allowed = (&issued.code.scopes, Some(&*issued.code.redirect_uri));
                writes.push(put(&keys[2], consent, consents::with(consent, of, allowed, now)?));
                // One that did not register itself is not in the store.
                let mut is_one_more = false;
                if let Some(client) = alive(rows[1].as_ref(), now) {
                    let used = clients::used(client, &issued.code.subject, issued.code.expires_at, now)?;
                    writes.extend(used.writes);
                    is_one_more = used.is_first;
                }
                Ok((is_one_more, writes))
            });
            match is_one_more.await? {
                true => self.make_room_of_person(&issued.code.subject, &issued.code.client_id, now).await,
                false => Ok(Vec::new()),
            }
        })
    }

    fn find(&self, hash: SecretHash) -> StoreFuture<'_, Option<Code>> {
        Box::pin(async move {
            let row = self.row(key(hash)).await?;
            Ok(row.as_ref().map(read::<Issued>).transpose()?.map(|issued| issued.code))
        })
    }

    fn redeem<'a>(
        &'a self,
        hash: SecretHash,
        grant_id: &'a str,
        grant: Option<Grant>,
        now: u64,
    ) -> StoreFuture<'a, Redemption> {
        Box::pin(async move {
            let mut keys = vec![key(hash)];
            keys.extend(grant.as_ref().map(|grant| clients::key(&grant.client_id)));
            let redemption = self.step(&keys, now, |rows| {
                let Some(row) = &rows[0] else { return Ok((Redeemed::Done(Redemption::Gone), vec![])) };
                let issued: Issued = read(row)?;
                if issued.used {
                    return Ok((Redeemed::Again(issued.code.subject, issued.grant_id), vec![]));
                }
                if issued.code.expires_at <= now {
                    return Ok((Redeemed::Done(Redemption::Gone), vec![]));
                }
                let grant_id = Some(grant_id.to_owned());
                let used = changed(row, &Issued { used: true, grant_id, ..issued }, row.content.forget_at)?;
                let mut writes = vec![put(&row.key, Some(row), used)];
                if let Some(grant) = &grant {
                    writes.push(grants::kept(grant)?);
                    if let Some(client) = alive(rows[1].as_ref(), now) {
                        writes.extend(clients::kept_for(client, grant.expires_at, now)?);
                    }
                }
                Ok((Redeemed::Done(Redemption::First), writes))
            });
            match redemption.await? {
                Redeemed::Done(redemption) => Ok(redemption),
                // A code that was used is never anything else, so this needs no look at it.
                Redeemed::Again(subject, grant_id) => {
                    if let Some(id) = grant_id {
                        self.kill(&subject, &id, now).await?;
                    }
                    Ok(Redemption::Replayed)
                }
            }
        })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.forget_group(of_person(subject), now).await })
    }
}
