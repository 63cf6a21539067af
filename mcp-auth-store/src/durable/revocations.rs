//! Access tokens that are no longer good.

use super::record::{alive, content, read};
use super::rows::{Before, Content, Key, Write};
use super::store::Durable;
use crate::aggregate::{MOST_OF_PERSON, MOST_REVOCATIONS};
use crate::{
    Revocable, Revocation, RevocationBoard, Revocations, Revoked, SecretHash, StoreError, StoreFuture,
};

/// All of them, by the time at which they are forgotten.
const ALL: &str = "revocations";

/// Those of tokens of one person.
fn of_person(subject: &str) -> String {
    format!("revocations of {subject}")
}

fn key(of: &Revoked) -> Result<Key, StoreError> {
    let named = serde_json::to_string(of).map_err(StoreError::new)?;
    Ok(Key::new("revocations", SecretHash::of(&named).digits()))
}

/// Revokes what `of` names, of tokens of this person.
pub(super) fn write(of: &Revoked, subject: &str, now: u64) -> Result<Write, StoreError> {
    let revocation = Revocation { of: of.clone(), at: now };
    let after = content(&revocation, revocation.until())?;
    let groups = vec![ALL.to_owned(), of_person(subject)];
    let after = Some(Content { groups, rank: after.forget_at, ..after });
    // A later revocation of the same tokens takes in the earlier one.
    Ok(Write { key: key(of)?, before: Before::Any, after })
}

impl Revocations for Durable {
    fn revoke<'a>(&'a self, of: Revoked, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let of = self.bounded(of, subject).await?;
            self.commit(vec![write(&of, subject, now)?], now).await?;
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
            let rows = self.rows.first_of(ALL.to_owned(), MOST_REVOCATIONS).await?;
            if rows.len() == MOST_REVOCATIONS {
                return Err(StoreError::new("more tokens were revoked than a server can know"));
            }
            let current = rows.iter().filter_map(|row| alive(Some(row), now));
            self.board().was_read(current.map(read).collect::<Result<_, _>>()?, now);
            Ok(())
        })
    }

    fn board(&self) -> &RevocationBoard {
        &self.board
    }
}

impl Durable {
    /// This process knows at once what it revoked.
    pub(super) fn show_revoked(&self, of: Revoked, now: u64) {
        self.board().add(Revocation { of, at: now });
    }

    /// What is revoked instead of `of`: where there are too many of one person, all tokens of that person.
    pub(super) async fn bounded(&self, of: Revoked, subject: &str) -> Result<Revoked, StoreError> {
        let is_full = self.rows.count(of_person(subject), 0).await? >= MOST_OF_PERSON;
        Ok(if is_full { Revoked::Person(subject.to_owned()) } else { of })
    }
}
