//! MCP sessions. Who has the identifier of a session may try to enter it, so it is kept as a hash, and its state encrypted.

use std::slice::from_ref;

use serde::{Deserialize, Serialize};

use super::record::{alive, changed, content, gone, put, read, removed};
use super::rows::{Content, Key};
use super::store::Durable;
use crate::{SecretHash, Sessions, StoreError, StoreFuture};

/// So many sessions of one owner are kept.
const MOST_OF_ONE: u64 = 1000;
/// The most bytes of the state of one session. What a client said about itself is in it.
const MOST_OF_STATE: usize = 64 * 1024;
/// So many sessions of one owner are removed at once where there are too many.
const AT_ONCE: usize = 100;

#[derive(Serialize, Deserialize)]
struct Owned {
    owner: Option<String>,
}

fn key(id: &str) -> Key {
    Key::new("sessions", SecretHash::of(id).digits())
}

/// The sessions of one owner, by the time at which they end.
fn group(owner: &str) -> String {
    format!("sessions of {owner}")
}

/// The sessions of one person.
fn of_person(person: &str) -> String {
    format!("sessions of person {person}")
}

impl Sessions for Durable {
    fn keep<'a>(&'a self, id: &'a str, state: String, until: u64, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if state.len() > MOST_OF_STATE {
                return Err(StoreError::new("the state of a session is over 64 KiB"));
            }
            let key = key(id);
            let sealed = Some(self.seal(&key, state.as_bytes())?);
            self.step(from_ref(&key), now, |rows| {
                let row = rows[0].as_ref();
                let kept = match alive(row, now) {
                    Some(row) => {
                        let kept = changed(row, &read::<Owned>(row)?, until)?;
                        Content { rank: kept.forget_at, ..kept }
                    }
                    None => content(&Owned { owner: None }, until)?,
                };
                Ok(((), vec![put(&key, row, Content { sealed: sealed.clone(), ..kept })]))
            })
            .await
        })
    }

    fn bind<'a>(
        &'a self,
        id: &'a str,
        owner: &'a str,
        person: Option<&'a str>,
        now: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let key = [key(id)];
            let is_bound = self.step(&key, now, |rows| {
                let Some(row) = alive(rows[0].as_ref(), now) else { return Ok((false, vec![])) };
                match read::<Owned>(row)?.owner {
                    Some(held) => Ok((held == owner, vec![])),
                    None => {
                        let bound = Owned { owner: Some(owner.to_owned()) };
                        let bound = changed(row, &bound, row.content.forget_at)?;
                        let groups = std::iter::once(group(owner)).chain(person.map(of_person)).collect();
                        let bound = Content { groups, rank: bound.forget_at, ..bound };
                        Ok((true, vec![put(&row.key, Some(row), bound)]))
                    }
                }
            });
            let is_bound = is_bound.await?;
            if is_bound {
                self.make_room_for_a_session(owner, now).await?;
            }
            Ok(is_bound)
        })
    }

    fn enter<'a>(&'a self, id: &'a str, owner: &'a str, until: u64, now: u64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.step(&[key(id)], now, |rows| {
                let Some(row) = alive(rows[0].as_ref(), now) else { return Ok((false, vec![])) };
                let owned: Owned = read(row)?;
                if owned.owner.as_deref() != Some(owner) {
                    return Ok((false, vec![]));
                }
                let entered = changed(row, &owned, until)?;
                let entered = Content { rank: entered.forget_at, ..entered };
                Ok((true, vec![put(&row.key, Some(row), entered)]))
            })
            .await
        })
    }

    fn state<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move {
            let row = self.row(key(id)).await?;
            let Some(row) = alive(row.as_ref(), now) else { return Ok(None) };
            let state = self.unseal(&row.key, row.content.sealed.as_deref())?;
            String::from_utf8(state).map(Some).map_err(StoreError::new)
        })
    }

    fn end<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.commit(vec![gone(key(id))], 0).await.map(drop) })
    }

    fn forget_person<'a>(&'a self, person: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.forget_group(of_person(person), now).await })
    }
}

impl Durable {
    /// Where one owner has too many, those go that would end first.
    async fn make_room_for_a_session(&self, owner: &str, now: u64) -> Result<(), StoreError> {
        let over = self.rows.count(group(owner), 0).await?.saturating_sub(MOST_OF_ONE);
        if over > 0 {
            let over = usize::try_from(over).unwrap_or(AT_ONCE).min(AT_ONCE);
            let first = self.rows.first_of(group(owner), over).await?;
            // One that was entered meanwhile stays.
            for row in &first {
                self.commit(vec![removed(row)], now).await?;
            }
        }
        Ok(())
    }
}
