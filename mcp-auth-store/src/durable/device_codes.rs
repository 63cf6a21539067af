//! What devices asked for: a row by the device code, and one by the user code that names it.

use serde::{Deserialize, Serialize};

use super::record::{alive, changed, content, gone, put, read, removed};
use super::rows::{Content, Key, Row};
use super::store::Durable;
use super::{clients, consents, grants};
use crate::aggregate::EXPIRED_MEMORY;
use crate::{
    DeviceAnswer, DeviceAuthorization, DeviceCodes, Grant, MOST_DEVICE_CODES, Polled, SecretHash, StoreError,
    StoreFuture,
};

/// So many are forgotten at once, over the most that are remembered.
const AT_ONCE: usize = 100;

/// All of them, by the time at which they end.
const ALL: &str = "device codes";

/// What a device asked for, and when it polled last.
#[derive(Serialize, Deserialize)]
struct Device {
    #[serde(flatten)]
    asked: DeviceAuthorization,
    user_code: SecretHash,
    last_poll: Option<u64>,
}

/// Which device code a user code belongs to.
#[derive(Serialize, Deserialize)]
struct Named {
    device_code: SecretHash,
}

/// Whether the client of this row is this one.
pub(super) fn is_of_client(row: &Row, client_id: &str) -> Result<bool, StoreError> {
    Ok(read::<Device>(row)?.asked.client_id == client_id)
}

/// Those that one person has allowed and no device has redeemed yet.
pub(super) fn of_person(subject: &str) -> String {
    format!("device codes of person {subject}")
}

fn key(device_code: SecretHash) -> Key {
    Key::new("device_codes", device_code.digits())
}

fn user_key(user_code: SecretHash) -> Key {
    Key::new("user_codes", user_code.digits())
}

impl DeviceCodes for Durable {
    fn begin(
        &self,
        device_code: SecretHash,
        user_code: SecretHash,
        asked: DeviceAuthorization,
        now: u64,
    ) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let keys = [user_key(user_code), key(device_code)];
            let named = content(&Named { device_code }, asked.expires_at)?;
            let forget_at = asked.expires_at.saturating_add(EXPIRED_MEMORY);
            let kept = content(&Device { asked, user_code, last_poll: None }, forget_at)?;
            let kept = Content { groups: vec![ALL.to_owned()], rank: kept.forget_at, ..kept };
            self.make_room_for_a_device(now).await?;
            self.step(&keys, now, |rows| match alive(rows[0].as_ref(), now) {
                Some(_) => Ok((false, vec![])),
                None => {
                    let writes = vec![
                        put(&keys[0], rows[0].as_ref(), named.clone()),
                        put(&keys[1], rows[1].as_ref(), kept.clone()),
                    ];
                    Ok((true, writes))
                }
            })
            .await
        })
    }

    fn find(&self, device_code: SecretHash) -> StoreFuture<'_, Option<DeviceAuthorization>> {
        Box::pin(async move {
            let row = self.row(key(device_code)).await?;
            Ok(row.as_ref().map(read::<Device>).transpose()?.map(|device| device.asked))
        })
    }

    fn find_by_user_code(
        &self,
        user_code: SecretHash,
        now: u64,
    ) -> StoreFuture<'_, Option<DeviceAuthorization>> {
        Box::pin(async move {
            let Some(device_code) = self.device_code_of(user_code, now).await? else { return Ok(None) };
            let asked = DeviceCodes::find(self, device_code).await?;
            Ok(asked.filter(|asked| asked.is_waiting(now)))
        })
    }

    fn answer(&self, user_code: SecretHash, answer: DeviceAnswer, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let Some(device_code) = self.device_code_of(user_code, now).await? else { return Ok(false) };
            let Some(asked) = DeviceCodes::find(self, device_code).await? else { return Ok(false) };
            let mut keys = vec![key(device_code)];
            if let DeviceAnswer::Allowed { subject, .. } = &answer {
                keys.extend([clients::key(&asked.client_id), consents::key(subject, &asked.client_id)]);
            }
            self.step(&keys, now, |rows| {
                let Some(row) = &rows[0] else { return Ok((false, vec![])) };
                let device: Device = read(row)?;
                if !device.asked.is_waiting(now) {
                    return Ok((false, vec![]));
                }
                let mut writes = vec![gone(user_key(user_code))];
                if let DeviceAnswer::Allowed { subject, scopes, .. } = &answer {
                    let consent = rows[2].as_ref();
                    let of = (&**subject, &*device.asked.client_id);
                    let allowed = consents::with(consent, of, (scopes, None), now)?;
                    writes.push(put(&keys[2], consent, allowed));
                    // One that did not register itself is not in the store.
                    if let Some(client) = alive(rows[1].as_ref(), now) {
                        let used = clients::used(client, subject, device.asked.expires_at, now)?;
                        writes.extend(used.writes);
                    }
                }
                let asked = DeviceAuthorization { answer: Some(answer.clone()), ..device.asked };
                let mut answered = changed(row, &Device { asked, ..device }, row.content.forget_at)?;
                if let DeviceAnswer::Allowed { subject, .. } = &answer {
                    answered.groups.push(of_person(subject));
                }
                writes.push(put(&row.key, Some(row), answered));
                Ok((true, writes))
            })
            .await
        })
    }

    fn poll(&self, device_code: SecretHash, now: u64) -> StoreFuture<'_, Polled> {
        Box::pin(async move {
            self.step(&[key(device_code)], now, |rows| {
                let Some(row) = &rows[0] else { return Ok((Polled::Gone, vec![])) };
                let mut device: Device = read(row)?;
                let polled = device.asked.polled(device.last_poll, now);
                match polled {
                    Polled::Pending | Polled::TooSoon => {
                        device.last_poll = Some(now);
                        let after = changed(row, &device, row.content.forget_at)?;
                        Ok((polled, vec![put(&row.key, Some(row), after)]))
                    }
                    Polled::Allowed | Polled::Denied | Polled::Expired | Polled::Gone => Ok((polled, vec![])),
                }
            })
            .await
        })
    }

    fn redeem(&self, device_code: SecretHash, grant: Option<Grant>, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let mut keys = vec![key(device_code)];
            keys.extend(grant.as_ref().map(|grant| clients::key(&grant.client_id)));
            self.step(&keys, now, |rows| {
                let Some(row) = &rows[0] else { return Ok((false, vec![])) };
                if !read::<Device>(row)?.asked.is_redeemable(now) {
                    return Ok((false, vec![]));
                }
                let mut writes = vec![removed(row)];
                if let Some(grant) = &grant {
                    writes.push(grants::kept(grant)?);
                    if let Some(client) = alive(rows[1].as_ref(), now) {
                        writes.extend(clients::kept_for(client, grant.expires_at, now)?);
                    }
                }
                Ok((true, writes))
            })
            .await
        })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            loop {
                let rows = self.rows.first_of(of_person(subject), AT_ONCE).await?;
                if rows.is_empty() {
                    return Ok(());
                }
                self.commit(rows.into_iter().map(|row| gone(row.key)).collect(), now).await?;
            }
        })
    }
}

impl Durable {
    async fn device_code_of(
        &self,
        user_code: SecretHash,
        now: u64,
    ) -> Result<Option<SecretHash>, StoreError> {
        let row = self.row(user_key(user_code)).await?;
        let named = alive(row.as_ref(), now).map(read::<Named>).transpose()?;
        Ok(named.map(|named| named.device_code))
    }

    /// Where there are too many, those go that end first.
    async fn make_room_for_a_device(&self, now: u64) -> Result<(), StoreError> {
        let most = u64::try_from(MOST_DEVICE_CODES).unwrap_or(u64::MAX);
        if self.rows.count(ALL.to_owned(), 0).await? < most {
            return Ok(());
        }
        let mut writes = Vec::new();
        for row in self.rows.first_of(ALL.to_owned(), AT_ONCE).await? {
            writes.push(gone(user_key(read::<Device>(&row)?.user_code)));
            writes.push(gone(row.key));
        }
        self.commit(writes, now).await.map(drop)
    }
}
