//! Codes. To issue one touches its client and the consent too, and to redeem one makes or ends a grant.

use serde::{Deserialize, Serialize};

use super::consents::{self, Consent};
use super::record::{changed, content, gone, put, read};
use super::rows::{Content, Key, Row};
use super::store::Durable;
use super::{clients, grants};
use crate::aggregate::REPLAY_MEMORY;
use crate::{Code, Codes, Grant, Redemption, SecretHash, StoreFuture};

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

impl Codes for Durable {
    fn issue(&self, hash: SecretHash, code: Code, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let keys =
                [key(hash), clients::key(&code.client_id), consents::key(&code.subject, &code.client_id)];
            let forget_at = code.expires_at.saturating_add(REPLAY_MEMORY);
            let issued = Issued { code, used: false, grant_id: None };
            self.step(&keys, now, |rows| {
                let mut writes = vec![put(&keys[0], rows[0].as_ref(), content(&issued, forget_at)?)];
                // A client of the configuration is not in the store, and neither is what was allowed it.
                if let Some(client) = &rows[1] {
                    writes.push(clients::used(client, now)?);
                    writes.push(put(&keys[2], rows[2].as_ref(), consent(rows[2].as_ref(), &issued.code)?));
                }
                Ok(((), writes))
            })
            .await
        })
    }

    fn find(&self, hash: SecretHash) -> StoreFuture<'_, Option<Code>> {
        Box::pin(async move {
            let row = self.row(key(hash)).await?;
            Ok(row.as_ref().map(read::<Issued>).transpose()?.map(|issued| issued.code))
        })
    }

    fn redeem(&self, hash: SecretHash, grant: Option<Grant>, now: u64) -> StoreFuture<'_, Redemption> {
        Box::pin(async move {
            self.step(&[key(hash)], now, |rows| {
                let Some(row) = &rows[0] else { return Ok((Redemption::Gone, vec![])) };
                let issued: Issued = read(row)?;
                if issued.used {
                    let dead = issued.grant_id.map(|id| gone(grants::key(&id)));
                    return Ok((Redemption::Replayed, dead.into_iter().collect()));
                }
                if issued.code.expires_at <= now {
                    return Ok((Redemption::Gone, vec![]));
                }
                let grant_id = grant.as_ref().map(|grant| grant.id.clone());
                let used = changed(row, &Issued { used: true, grant_id, ..issued }, row.content.forget_at)?;
                let mut writes = vec![put(&row.key, Some(row), used)];
                writes.extend(grant.as_ref().map(grants::kept).transpose()?);
                Ok((Redemption::First, writes))
            })
            .await
        })
    }
}

/// What the person has allowed the client, with what they allow it now.
fn consent(row: Option<&Row>, code: &Code) -> Result<Content, crate::StoreError> {
    let before = row.map(read::<Consent>).transpose()?;
    let mut scopes = before.map(|consent| consent.scopes).unwrap_or_default();
    scopes.extend(code.scopes.iter().cloned());
    let consent = Consent { subject: code.subject.clone(), client_id: code.client_id.clone(), scopes };
    let forget_at = super::rows::MOST;
    let kept = match row {
        Some(row) => changed(row, &consent, forget_at)?,
        None => content(&consent, forget_at)?,
    };
    let groups = vec![consents::of_client(&code.client_id), consents::of_person(&code.subject)];
    Ok(Content { groups, ..kept })
}
