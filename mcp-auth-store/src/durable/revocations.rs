//! Access tokens that are no longer good.

use std::collections::HashMap;
use std::slice::from_ref;

use super::record::{as_read, of as of_row, read};
use super::rows::{Before, Content, Key, Row, Write};
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

pub(super) fn key(of: &Revoked) -> Result<Key, StoreError> {
    let named = serde_json::to_string(of).map_err(StoreError::new)?;
    Ok(Key::new("revocations", SecretHash::of(&named).digits()))
}

/// Revokes what `of` names, where `row` is what was kept of it: what is written, and what the board then says.
pub(super) fn write(of: &Revoked, row: Option<&Row>, now: u64) -> Result<(Write, Revocation), StoreError> {
    let before = row.map(read::<Revocation>).transpose()?.map(|before| before.at);
    let revocation = Revocation::next(of.clone(), before, now);
    let after = of_row(row, &revocation, revocation.until())?;
    let after = Some(Content { groups: vec![ALL.to_owned()], rank: after.forget_at, ..after });
    // Of two at once that are about a time, one comes after the other. What is revoked whenever it was issued is revoked by either.
    let before = if of.is_by_time() { as_read(row) } else { Before::Any };
    Ok((Write { key: key(of)?, before, after }, revocation))
}

/// The same for what is of one person, and is counted as theirs.
pub(super) fn write_of(
    subject: &str,
    of: &Revoked,
    row: Option<&Row>,
    now: u64,
) -> Result<(Write, Revocation), StoreError> {
    let (mut write, revocation) = write(of, row, now)?;
    if let Some(after) = &mut write.after {
        after.groups.push(of_person(subject));
    }
    Ok((write, revocation))
}

impl Revocations for Durable {
    fn revoke(&self, of: Revoked, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let key = key(&of)?;
            let revocation = self.step(from_ref(&key), now, |rows| {
                let (write, revocation) = write(&of, rows[0].as_ref(), now)?;
                Ok((revocation, vec![write]))
            });
            self.board.add(revocation.await?);
            Ok(())
        })
    }

    fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let keys = token.names().iter().map(key).collect::<Result<_, _>>()?;
            let rows = self.rows.read(keys).await?;
            let revocations = rows.iter().flatten().map(read::<Revocation>);
            let revocations = revocations.map(|read| read.map(|revocation| (revocation.of, revocation.at)));
            let at_of = revocations.collect::<Result<HashMap<_, _>, _>>()?;
            Ok(token.is_revoked(|of| at_of.get(of).copied()))
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

    /// What is written where these tokens of one person are revoked, and what the board then says. A commit of it fails where another step
    /// revokes the same meanwhile.
    pub(super) async fn revoking(
        &self,
        subject: &str,
        revoked: &[Revoked],
        now: u64,
    ) -> Result<(Vec<Write>, Vec<Revocation>), StoreError> {
        let by_time = revoked.iter().filter(|of| of.is_by_time()).map(key).collect::<Result<Vec<_>, _>>()?;
        let rows = if by_time.is_empty() { Vec::new() } else { self.rows.read(by_time).await? };
        let known: HashMap<&Key, &Row> = rows.iter().flatten().map(|row| (&row.key, row)).collect();
        let each = revoked.iter().map(|of| write_of(subject, of, known.get(&key(of)?).copied(), now));
        Ok(each.collect::<Result<Vec<_>, _>>()?.into_iter().unzip())
    }

    /// This process knows at once what it revoked.
    pub(super) fn show_revoked(&self, revocations: Vec<Revocation>) {
        revocations.into_iter().for_each(|revocation| self.board.add(revocation));
    }
}
