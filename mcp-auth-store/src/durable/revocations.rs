//! Access tokens that are no longer good.

use super::record::{content, read};
use super::rows::{Before, Content, Key, Write};
use super::store::Durable;
use crate::aggregate::MOST_REVOCATIONS;
use crate::{
    Revocable, Revocation, RevocationBoard, Revocations, Revoked, SecretHash, StoreError, StoreFuture,
};

/// All of them, by the time at which they are forgotten.
const ALL: &str = "revocations";

/// So many grants of one person are revoked one by one, of those that are remembered. A person allows a client something once a second for as long
/// as they like, and every server has to know each entry: a few dozen people would fill what it can know. Over this, all access tokens of the
/// person that were issued until then are revoked at once. Nobody has to log in again: the clients whose grants live refresh.
const MOST_OF_A_PERSON: usize = 100;

/// The grants of one person that were revoked, in the same order.
fn of_person(subject: &str) -> String {
    format!("revocations of person {subject}")
}

fn key(of: &Revoked) -> Result<Key, StoreError> {
    let named = serde_json::to_string(of).map_err(StoreError::new)?;
    Ok(Key::new("revocations", SecretHash::of(&named).digits()))
}

/// Revokes what `of` names.
pub(super) fn write(of: &Revoked, now: u64) -> Result<Write, StoreError> {
    let revocation = Revocation { of: of.clone(), at: now };
    let after = content(&revocation, revocation.until())?;
    let after = Some(Content { groups: vec![ALL.to_owned()], rank: after.forget_at, ..after });
    // A later revocation of the same tokens takes in the earlier one.
    Ok(Write { key: key(of)?, before: Before::Any, after })
}

/// The same for what is of one person, and is counted as theirs.
pub(super) fn write_of(subject: &str, of: &Revoked, now: u64) -> Result<Write, StoreError> {
    let mut write = write(of, now)?;
    if let Some(after) = &mut write.after {
        after.groups.push(of_person(subject));
    }
    Ok(write)
}

impl Revocations for Durable {
    fn revoke(&self, of: Revoked, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.commit(vec![write(&of, now)?], now).await?;
            self.show_revoked(of, now);
            Ok(())
        })
    }

    fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let keys = token.names().iter().map(key).collect::<Result<_, _>>()?;
            for row in self.rows.read(keys).await?.iter().flatten() {
                let Revocation { of, at } = read(row)?;
                if token.is_hit_by(&of, at) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    fn refresh(&self, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            // A store that only reads, because its disk is full, says what was revoked all the same.
            let _ = self.sweep(now).await;
            let current = self.rows.count(ALL.to_owned(), now.saturating_add(1)).await?;
            if usize::try_from(current).map_or(true, |current| current >= MOST_REVOCATIONS) {
                return Err(StoreError::new("more tokens were revoked than a server can know"));
            }
            let rows = self.current_of(ALL.to_owned(), MOST_REVOCATIONS, now).await?;
            self.board().was_read(rows.iter().map(read).collect::<Result<_, _>>()?, now);
            Ok(())
        })
    }

    fn board(&self) -> &RevocationBoard {
        &self.board
    }
}

impl Durable {
    /// What is revoked when these grants of one person die.
    pub(super) async fn dying<'a>(
        &self,
        subject: &str,
        grants: impl ExactSizeIterator<Item = &'a str>,
        now: u64,
    ) -> Result<Vec<Revoked>, StoreError> {
        let known = self.rows.count(of_person(subject), now.saturating_add(1)).await?;
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        Ok(match known.saturating_add(grants.len()) > MOST_OF_A_PERSON {
            true => vec![Revoked::Person(subject.to_owned())],
            false => grants.map(Revoked::of_grant).collect(),
        })
    }

    /// This process knows at once what it revoked.
    pub(super) fn show_revoked(&self, of: Revoked, now: u64) {
        self.board().add(Revocation { of, at: now });
    }
}
