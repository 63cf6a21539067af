//! The people who logged in.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::record::{self, alive, gone, put, read};
use super::rows::{Key, Row, Write};
use super::store::Durable;
use crate::aggregate::{CONSENT_MEMORY, LastLogin};
use crate::{Browser, Grant, People, Person, SecretHash, StoreError, StoreFuture};

/// So many rows are read at once.
const AT_ONCE: usize = 500;

/// How exactly it is known when somebody logged in last, in seconds.
const TO_THE_MINUTE: u64 = 60;

/// Whose row it is.
#[derive(Deserialize)]
struct Of {
    subject: String,
}

pub(super) fn key(subject: &str) -> Key {
    Key::new("people", SecretHash::of(subject).digits())
}

/// Whether `row` says so anyway, to the minute: who logs in often does not wait for that row each time.
pub(super) fn is_known(row: Option<&Row>, browser: &Browser, now: u64) -> Result<bool, StoreError> {
    let Some(row) = alive(row, now) else { return Ok(false) };
    let (kept, said): (LastLogin, _) = (read(row)?, LastLogin::of(browser, now));
    let is_recent = now.saturating_sub(kept.at) < TO_THE_MINUTE;
    Ok(is_recent && LastLogin { at: said.at, ..kept } == said)
}

/// The person of this browser logged in, who is kept in `row`, if they are. What they allow at this login ends by then.
pub(super) fn logged_in(row: Option<&Row>, browser: &Browser, now: u64) -> Result<Write, StoreError> {
    let forget_at = browser.expires_at.saturating_add(CONSENT_MEMORY);
    let after = record::of(row, &LastLogin::of(browser, now), forget_at)?;
    Ok(put(&key(&browser.subject), row, after))
}

impl People for Durable {
    fn list(&self, now: u64) -> StoreFuture<'_, Vec<Person>> {
        Box::pin(async move {
            let mut people = BTreeMap::<String, Person>::new();
            // A row may be on two pages.
            let (mut from, mut grants) = (None, HashSet::new());
            loop {
                let page = self.rows.page(from, AT_ONCE).await?;
                for row in page.rows.iter().filter_map(|row| alive(Some(row), now)) {
                    let kind = &*row.key.kind;
                    if !matches!(kind, "people" | "grants" | "consents" | "browser_sessions") {
                        continue;
                    }
                    let Of { subject } = read(row)?;
                    let person = people.entry(subject).or_insert_with_key(|subject| Person::new(subject));
                    match kind {
                        "people" => person.logged_in(read(row)?),
                        "grants" if grants.insert(row.key.id.clone()) => {
                            let grant: Grant = read(row)?;
                            person.granted(grant.authentication.login.as_deref(), grant.last_used);
                        }
                        _ => {}
                    }
                }
                from = page.next;
                if from.is_none() {
                    return Ok(people.into_values().collect());
                }
            }
        })
    }

    fn forget<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.commit(vec![gone(key(subject))], now).await.map(drop) })
    }
}
