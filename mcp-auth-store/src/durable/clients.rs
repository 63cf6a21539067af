//! Clients that registered themselves.

use std::slice::from_ref;

use serde::{Deserialize, Serialize};

use super::record::{self, alive, changed, content, put, read, removed};
use super::rows::{Before, Content, Key, MOST, Row, Write};
use super::store::Durable;
use super::{consents, grants, revocations};
use crate::aggregate::{KEPT_BEYOND, MOST_CLIENTS_OF_A_PERSON, UNUSED_LIFETIME};
use crate::{Client, Clients, Registered, Revocations as _, Revoked, SecretHash, StoreError, StoreFuture};

/// How many clients are kept.
#[derive(Clone, Copy)]
pub(super) struct MostClients {
    /// Of those that nobody allowed anything: anyone can register one.
    unused: u64,
    all: u64,
}

impl MostClients {
    pub(super) const USUAL: Self = Self { unused: 10_000, all: 100_000 };
}

/// When a client was used last is known as exactly as this, in seconds: many people use one client at the same moment, and not each of them
/// writes it.
const USE_KNOWN_TO: u64 = 10 * 60;
/// An unused client that registers again is kept so much longer than its hour, in seconds, so that not each registration writes it.
const REGISTERED_AGAIN_KNOWN_TO: u64 = 60;
/// A client is kept another day for its grants once it would not outlive one of them by so much, in seconds: not every refresh of a client
/// that many people use writes it.
const LEAST_BEYOND: u64 = KEPT_BEYOND / 2;

/// So many clients of one person go at once for one more: more of them are left by an older release alone.
const EVICTED_AT_ONCE: usize = 10;

/// The clients that nobody ever allowed anything, by the time at which they registered.
const UNUSED: &str = "clients, unused";
/// The others, by the time at which they were used.
const USED: &str = "clients, used";

/// The client that those are given that are alike. It is kept as long as that client.
#[derive(Serialize, Deserialize)]
struct Alike {
    client_id: String,
}

/// The clients that one person alone ever allowed something, by the time at which they were used.
fn of_one_person(subject: &str) -> String {
    format!("clients of person {subject}")
}

/// A client, what those are called that are alike, and who uses it.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    client: Client,
    #[serde(default)]
    alike: Option<SecretHash>,
    /// The one person who ever allowed it something; nothing for several, and for one that an older release saw used.
    #[serde(default)]
    only_person: Option<String>,
}

pub(super) fn key(id: &str) -> Key {
    Key::new("clients", id)
}

fn alike_key(alike: SecretHash) -> Key {
    Key::new("alike_clients", alike.digits())
}

impl Clients for Durable {
    fn register(&self, client: Client, alike: Option<SecretHash>, now: u64) -> StoreFuture<'_, Registered> {
        Box::pin(async move {
            let mut evicted = Vec::new();
            let Some(named) = alike else {
                evicted.extend(self.make_room_for_a_client(now).await?);
                self.forget_consents(&client.id, now).await?;
                let write = Write {
                    key: key(&client.id),
                    before: Before::Any,
                    after: Some(fresh(&client, None, now)?),
                };
                self.commit(vec![write], now).await?;
                return Ok(Registered { client, evicted });
            };
            let alike = alike_key(named);
            loop {
                let known = self.row(alike.clone()).await?.as_ref().map(read::<Alike>).transpose()?;
                let id = match known {
                    Some(known) => known.client_id,
                    None => {
                        evicted.extend(self.make_room_for_a_client(now).await?);
                        client.id.clone()
                    }
                };
                let keys = [alike.clone(), key(&id)];
                let registered =
                    self.step(&keys, now, |rows| register_alike(&keys, rows, (&client, named), now));
                // Where another one came first, that one is looked at.
                if let Some(client) = registered.await? {
                    return Ok(Registered { client, evicted });
                }
            }
        })
    }

    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Client>> {
        Box::pin(async move { alive(self.row(key(id)).await?.as_ref(), now).map(read).transpose() })
    }

    fn find_alike(&self, alike: SecretHash, now: u64) -> StoreFuture<'_, Option<Client>> {
        Box::pin(async move {
            let row = self.row(alike_key(alike)).await?;
            let Some(known) = row.as_ref().map(read::<Alike>).transpose()? else { return Ok(None) };
            Clients::find(self, &known.client_id, now).await
        })
    }

    fn change(&self, client: Client, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            self.step(from_ref(&key(&client.id)), now, |rows| match alive(rows[0].as_ref(), now) {
                None => Ok((false, vec![])),
                Some(row) => {
                    let after = changed(row, &client, row.content.forget_at)?;
                    Ok((true, vec![put(&row.key, Some(row), after)]))
                }
            })
            .await
        })
    }

    fn remove<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            // First, so that nobody finds it any more. One entry ends all its tokens, however many people allowed it something: every server has to
            // know each entry. Of one that nobody allowed anything there are none, and anyone could fill the revocations with such clients.
            let of = Revoked::Client(id.to_owned());
            let keys = [key(id), revocations::key(&of)?];
            let revoked = self.step(&keys, now, |rows| {
                let Some(row) = &rows[0] else { return Ok((vec![], vec![])) };
                if !is_used(row) {
                    return Ok((vec![], vec![removed(row)]));
                }
                let (write, revocation) = revocations::write(&of, rows[1].as_ref(), now)?;
                Ok((vec![revocation], vec![removed(row), write]))
            });
            self.show_revoked(revoked.await?);
            self.end_all_of_client(id, now).await
        })
    }
}

/// The client that is kept under `keys`, the row of those that are alike and its own; `None` where another one is kept by now.
fn register_alike(
    keys: &[Key; 2],
    rows: &[Option<Row>],
    (client, named): (&Client, SecretHash),
    now: u64,
) -> Result<(Option<Client>, Vec<Write>), StoreError> {
    let known = rows[0].as_ref().map(read::<Alike>).transpose()?;
    if known.is_some_and(|known| keys[1].id != known.client_id) {
        return Ok((None, vec![]));
    }
    let (registered, kept) = match (&rows[0], alive(rows[1].as_ref(), now)) {
        (Some(_), Some(row)) => {
            let kept: Client = read(row)?;
            // Clients of many people register again and again, and not each of them writes it.
            if row.content.forget_at >= now.saturating_add(UNUSED_LIFETIME) {
                return Ok((Some(kept), vec![]));
            }
            let forget_at = now.saturating_add(UNUSED_LIFETIME + REGISTERED_AGAIN_KNOWN_TO).min(MOST);
            let after = Content { forget_at, ..row.content.clone() };
            (kept, put(&keys[1], Some(row), after))
        }
        // That one is over, and its identifier is never given again.
        (Some(row), None) => return Ok((None, vec![removed(row)])),
        (None, _) => (client.clone(), put(&keys[1], rows[1].as_ref(), fresh(client, Some(named), now)?)),
    };
    let forget_at = kept.after.as_ref().map_or(now, |after| after.forget_at);
    let alike = record::of(rows[0].as_ref(), &Alike { client_id: registered.id.clone() }, forget_at)?;
    Ok((Some(registered), vec![put(&keys[0], rows[0].as_ref(), alike), kept]))
}

/// A client that nobody has allowed anything yet.
fn fresh(client: &Client, alike: Option<SecretHash>, now: u64) -> Result<Content, StoreError> {
    let kept = content(
        &Kept { client: client.clone(), alike, only_person: None },
        now.saturating_add(UNUSED_LIFETIME),
    )?;
    Ok(Content { groups: vec![UNUSED.to_owned()], rank: now.min(MOST), ..kept })
}

/// What becomes of a client that is used.
pub(super) struct Used {
    pub(super) writes: Vec<Write>,
    /// Whether it is the first time, so that one more client is counted for its person.
    pub(super) is_first: bool,
}

/// The client of `row` was allowed something by this person, and may use it until `until`.
pub(super) fn used(row: &Row, subject: &str, until: u64, now: u64) -> Result<Used, StoreError> {
    let before = read::<Kept>(row)?.only_person;
    let is_first = !is_used(row);
    let only_person = match (is_first, &before) {
        (true, _) => Some(subject.to_owned()),
        (false, Some(person)) => (person == subject).then(|| subject.to_owned()),
        (false, None) => None,
    };
    if was_used_just_then(row, now) && row.content.forget_at >= until && only_person == before {
        return Ok(Used { writes: Vec::new(), is_first });
    }
    let forget_at = row.content.forget_at.max(until.saturating_add(UNUSED_LIFETIME).min(MOST));
    Ok(Used { writes: kept_until(row, only_person, forget_at, now)?, is_first })
}

/// The client of `row` is given or uses a grant that lasts until `until`.
pub(super) fn kept_for(row: &Row, until: u64, now: u64) -> Result<Vec<Write>, StoreError> {
    let lasts = row.content.forget_at >= until.saturating_add(LEAST_BEYOND).min(MOST);
    if lasts && was_used_just_then(row, now) {
        return Ok(Vec::new());
    }
    let forget_at = if lasts { row.content.forget_at } else { until.saturating_add(KEPT_BEYOND).min(MOST) };
    kept_until(row, read::<Kept>(row)?.only_person, forget_at, now)
}

fn was_used_just_then(row: &Row, now: u64) -> bool {
    is_used(row) && now < row.content.rank.saturating_add(USE_KNOWN_TO)
}

/// Whether somebody ever allowed the client of `row` something; its rank is then when it was used.
pub(super) fn is_used(row: &Row) -> bool {
    row.content.groups.iter().any(|group| group == USED)
}

/// The client, used now, and with it that those that are alike are given it.
fn kept_until(
    row: &Row,
    only_person: Option<String>,
    forget_at: u64,
    now: u64,
) -> Result<Vec<Write>, StoreError> {
    let kept = Kept { only_person, ..read(row)? };
    let of_person = kept.only_person.as_deref().map(of_one_person);
    let groups = std::iter::once(USED.to_owned()).chain(of_person).collect();
    let rank = row.content.rank.max(now.min(MOST));
    let used = Content { groups, rank, ..changed(row, &kept, forget_at)? };
    let mut writes = vec![put(&row.key, Some(row), used)];
    if let Some(alike) = kept.alike {
        let after = Some(content(&Alike { client_id: row.key.id.clone() }, forget_at)?);
        writes.push(Write { key: alike_key(alike), before: Before::Any, after });
    }
    Ok(writes)
}

impl Durable {
    /// Where there are too many, the one goes that was used longest ago, with its grants; first those that nobody ever allowed anything.
    async fn make_room_for_a_client(&self, now: u64) -> Result<Vec<String>, StoreError> {
        let (unused, used) =
            (self.rows.count(UNUSED.to_owned(), 0).await?, self.rows.count(USED.to_owned(), 0).await?);
        if unused < self.most_clients.unused && unused + used < self.most_clients.all {
            return Ok(Vec::new());
        }
        let from = if unused > 0 { UNUSED } else { USED };
        let first = self.rows.first_of(from.to_owned(), 1).await?;
        self.evict(first, now).await
    }

    /// Where one person alone uses too many clients, those of them go that were used longest ago, but `latest`: nobody else loses one by it.
    pub(super) async fn make_room_of_person(
        &self,
        subject: &str,
        latest: &str,
        now: u64,
    ) -> Result<Vec<String>, StoreError> {
        let group = of_one_person(subject);
        let over = self.rows.count(group.clone(), 0).await?.saturating_sub(MOST_CLIENTS_OF_A_PERSON);
        let over = usize::try_from(over).unwrap_or(EVICTED_AT_ONCE).min(EVICTED_AT_ONCE);
        if over == 0 {
            return Ok(Vec::new());
        }
        let mut first = self.rows.first_of(group, over + 1).await?;
        // Of those of one second it may be anywhere.
        first.retain(|row| row.key.id != latest);
        first.truncate(over);
        self.evict(first, now).await
    }

    /// Removes these clients before their time, with what they were allowed.
    async fn evict(&self, clients: Vec<Row>, now: u64) -> Result<Vec<String>, StoreError> {
        let mut evicted = Vec::new();
        for row in clients {
            let of = Revoked::Client(row.key.id.clone());
            let (mut writes, mut revoked) = (vec![removed(&row)], Vec::new());
            if is_used(&row) {
                let known = self.row(revocations::key(&of)?).await?;
                let (write, revocation) = revocations::write(&of, known.as_ref(), now)?;
                writes.push(write);
                revoked.push(revocation);
            }
            // One that was used just then stays, with what it was allowed.
            if self.commit(writes, now).await? {
                self.show_revoked(revoked);
                self.end_all_of_client(&row.key.id, now).await?;
                evicted.extend((row.content.forget_at > now).then_some(row.key.id));
            }
        }
        Ok(evicted)
    }

    /// Ends all that people allowed a client that is gone.
    async fn end_all_of_client(&self, id: &str, now: u64) -> Result<(), StoreError> {
        let grants = grants::of_client(id);
        if self.rows.count(grants.clone(), 0).await? > 0 {
            self.forget_group(grants, now).await?;
            // Once more: one of these grants may have been used meanwhile, and the token say that its issuer knew that the client is gone.
            self.revoke(Revoked::Client(id.to_owned()), now).await?;
        }
        self.forget_consents(id, now).await
    }

    /// What people allowed a client goes with it.
    async fn forget_consents(&self, client_id: &str, now: u64) -> Result<(), StoreError> {
        self.forget_group(consents::of_client(client_id), now).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mcp_auth_core::SecretText;
    use mcp_auth_core::ambient::SystemRandom;

    use super::*;
    use crate::suite::records::{client, code, grant};
    use crate::{Codes as _, Consents, Grant, Grants, Redemption, Rotate, Rotation};
    use crate::{SqliteRows, StoreKey, StoreKeys};

    /// A store that keeps so many clients.
    async fn store_of(all: u64) -> Durable {
        let file = tempfile::tempdir().unwrap().keep().join("store.sqlite");
        let keys = StoreKeys::of(StoreKey::new([7; 32]).unwrap());
        let rows = Arc::new(SqliteRows::open(&file).unwrap());
        let mut store = Durable::open(rows, keys, Arc::new(SystemRandom), 0).await.unwrap();
        store.most_clients = MostClients { unused: all, all };
        store
    }

    /// Registers a client, and says which ones had to go.
    async fn register(store: &Durable, id: &str, now: u64) -> Vec<String> {
        store.register(client(id), None, now).await.unwrap().evicted
    }

    /// Alice allows a client something, which it redeems for a grant.
    async fn allowed(store: &Durable, id: &str, now: u64) {
        let hash = SecretHash::of(&format!("{id} {now}"));
        store.issue(hash, crate::Code { expires_at: now + 60, ..code(id, "read") }, now).await.unwrap();
        let of_client = Grant { client_id: id.into(), expires_at: 1_000_000, ..grant(&grant_of(id), "1") };
        let redeemed = store.redeem(hash, &grant_of(id), Some(of_client), now).await.unwrap();
        assert_eq!(redeemed, Redemption::First);
    }

    fn grant_of(id: &str) -> String {
        format!("grant of {id}")
    }

    /// By its last refresh, and not by when it was allowed.
    #[tokio::test]
    async fn of_used_clients_the_one_goes_that_was_used_longest_ago_and_its_grants_end() {
        let store = store_of(2).await;
        for (now, id) in [(0, "first"), (USE_KNOWN_TO, "second")] {
            register(&store, id, now).await;
            allowed(&store, id, now).await;
        }
        let now = 2 * USE_KNOWN_TO;
        let rotate = Rotate {
            presented: SecretHash::of("1"),
            next: SecretText::new("2"),
            expires_at: 1_000_000,
            grace: 0,
            client_key: None,
            dpop_jkt: None,
        };
        assert_eq!(store.rotate(&grant_of("first"), rotate, now).await.unwrap(), Rotation::Rotated);
        assert_eq!(register(&store, "third", now + 1).await, ["second"]);
        assert!(Grants::find(&store, &grant_of("second"), now + 1).await.unwrap().is_none());
        assert!(Consents::allowed(&store, "alice", "second").await.unwrap().is_empty());
        assert!(Grants::find(&store, &grant_of("first"), now + 1).await.unwrap().is_some());
        assert!(Clients::find(&store, "first", now + 1).await.unwrap().is_some());
        for (id, is_revoked) in [("first", false), ("second", true)] {
            let token = crate::Revocable {
                grant_id: None,
                jti: None,
                subject: "alice",
                client_id: Some(id),
                granted_to: None,
                iat: now,
                known: crate::KnownRevocations::default(),
                has_login: true,
            };
            assert_eq!(store.is_revoked(token).await.unwrap(), is_revoked, "{id}");
            assert_eq!(store.board().holds(token), is_revoked, "{id}");
        }
        // Anyone can register clients that nobody allows anything: they do not become revocations.
        assert_eq!(register(&store, "fourth", now + 2).await, ["third"]);
        let unused = Revoked::Client("third".into());
        assert!(store.row(revocations::key(&unused).unwrap()).await.unwrap().is_none());
    }

    /// Thousands of people may use one client at the same moment, and its row is one.
    #[tokio::test]
    async fn a_client_that_was_used_just_then_is_not_written_again() {
        let store = store_of(3).await;
        register(&store, "app", 0).await;
        let mut stamps = Vec::new();
        for now in [1, 2, 1 + USE_KNOWN_TO] {
            let hash = SecretHash::of(&format!("code of second {now}"));
            store
                .issue(hash, crate::Code { expires_at: now + 60, ..code("app", "read") }, now)
                .await
                .unwrap();
            stamps.push(store.row(key("app")).await.unwrap().unwrap().stamp);
        }
        assert_eq!(stamps[0], stamps[1]);
        assert_ne!(stamps[1], stamps[2]);
    }
}
