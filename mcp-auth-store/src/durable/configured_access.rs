//! What the configuration gives whom: a row for each.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{changed, content, put, read, removed};
use super::revocations;
use super::rows::{Content, Key, Row, Write};
use super::store::Durable;
use crate::aggregate::{Configured, Reconfigured, are_too_many, is_person, programs};
use crate::{
    ConfiguredAccess, ConfiguredRights, Revocations as _, Revoked, SecretHash, StoreError, StoreFuture,
    Withdrawn,
};

/// All of them.
const ALL: &str = "configured access";
/// So many are written in one change.
const AT_ONCE: usize = 50;
/// More than a configuration names.
const MOST: usize = 1_000_000;

/// By its row: whose it is, and what is given now.
type Given = BTreeMap<Key, (Revoked, BTreeSet<String>)>;

fn key(of: &Revoked) -> Result<Key, StoreError> {
    let named = serde_json::to_string(of).map_err(StoreError::new)?;
    Ok(Key::new("configured_access", SecretHash::of(&named).digits()))
}

/// What becomes of a row.
fn next(
    row: Option<&Row>,
    (of, rights): &(Revoked, BTreeSet<String>),
    of_people: &BTreeSet<String>,
    now: u64,
) -> Result<Next, StoreError> {
    let before = row.map(read::<Configured>).transpose()?;
    let Reconfigured { kept, lost } = Configured::next(before.as_ref(), of, (rights, of_people), now);
    Ok(Next { is_changed: kept != before, kept, lost })
}

struct Next {
    kept: Option<Configured>,
    is_changed: bool,
    lost: BTreeSet<String>,
}

impl Next {
    fn has_something_to_do(&self) -> bool {
        self.is_changed || !self.lost.is_empty()
    }

    /// The row is written too where only the tokens are revoked: nothing counts that was not read at the end.
    fn write(&self, key: &Key, row: Option<&Row>) -> Result<Option<Write>, StoreError> {
        Ok(match (&self.kept, row) {
            (Some(kept), Some(row)) => Some(put(key, Some(row), changed(row, kept, kept.until())?)),
            (Some(kept), None) => {
                let after = content(kept, kept.until())?;
                Some(put(key, None, Content { groups: vec![ALL.to_owned()], ..after }))
            }
            (None, Some(row)) => Some(removed(row)),
            (None, None) => None,
        })
    }
}

impl ConfiguredAccess for Durable {
    fn configure(&self, rights: ConfiguredRights, now: u64) -> StoreFuture<'_, Vec<Withdrawn>> {
        Box::pin(async move {
            let rows = self.rows.first_of(ALL.to_owned(), MOST).await?;
            if rows.len() == MOST {
                return Err(StoreError::new("the configuration gave more than can be compared"));
            }
            let of_people = rights.get(&Revoked::People).cloned().unwrap_or_default();
            let mut given = Given::new();
            for (of, rights) in rights {
                given.insert(key(&of)?, (of, rights));
            }
            let mut known = BTreeMap::new();
            for row in rows {
                let of = read::<Configured>(&row)?.of;
                given.entry(row.key.clone()).or_insert_with(|| (of, BTreeSet::new()));
                known.insert(row.key.clone(), row);
            }
            let mut losers = Vec::new();
            let mut todo = Vec::new();
            for (key, of) in &given {
                let next = next(known.get(key), of, &of_people, now)?;
                if next.has_something_to_do() {
                    todo.push(key.clone());
                }
                if !next.lost.is_empty() {
                    losers.push(&of.0);
                }
            }
            let programs = programs(given.values().map(|(of, _)| of));
            let of_all_people = are_too_many(losers.into_iter(), &programs);
            if of_all_people {
                self.revoke(Revoked::People, now).await?;
            }
            let is_revoked = |of: &Revoked| of_all_people && is_person(of, &programs);
            let mut withdrawn = Vec::new();
            for keys in todo.chunks(AT_ONCE) {
                let revocations = keys.iter().map(|key| revocations::key(&given[key].0));
                let revocations = revocations.collect::<Result<Vec<_>, _>>()?;
                let both: Vec<Key> = keys.iter().cloned().chain(revocations).collect();
                let lost = self.step(&both, now, |rows| {
                    let (mut lost, mut shown, mut writes) = (Vec::new(), Vec::new(), Vec::new());
                    let (rows, revoked) = rows.split_at(keys.len());
                    for ((key, row), revoked) in keys.iter().zip(rows).zip(revoked) {
                        let next = next(row.as_ref(), &given[key], &of_people, now)?;
                        if !next.has_something_to_do() {
                            continue;
                        }
                        writes.extend(next.write(key, row.as_ref())?);
                        let of = &given[key].0;
                        if !next.lost.is_empty() && !is_revoked(of) {
                            let (write, revocation) = revocations::write(of, revoked.as_ref(), now)?;
                            writes.push(write);
                            shown.push(revocation);
                        }
                        if !next.lost.is_empty() {
                            lost.push(Withdrawn { of: of.clone(), lost: next.lost });
                        }
                    }
                    Ok(((lost, shown), writes))
                });
                let (lost, shown) = lost.await?;
                self.show_revoked(shown);
                withdrawn.extend(lost);
            }
            Ok(withdrawn)
        })
    }
}
