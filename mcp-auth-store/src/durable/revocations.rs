//! Access tokens that are no longer good.

use super::record::{content, read};
use super::rows::{Before, Content, Key, Write};
use super::store::Durable;
use crate::aggregate::MOST_REVOCATIONS;
use crate::{Revocation, RevocationBoard, Revocations, Revoked, SecretHash, StoreError, StoreFuture};

/// All of them, by the time at which they are forgotten.
const ALL: &str = "revocations";

/// Revokes what `of` names.
pub(super) fn write(of: &Revoked, now: u64) -> Result<Write, StoreError> {
    let revocation = Revocation { of: of.clone(), at: now };
    let after = content(&revocation, revocation.until())?;
    let named = serde_json::to_string(of).map_err(StoreError::new)?;
    let key = Key::new("revocations", SecretHash::of(&named).digits());
    let after = Some(Content { groups: vec![ALL.to_owned()], rank: after.forget_at, ..after });
    // A later revocation of the same tokens takes in the earlier one.
    Ok(Write { key, before: Before::Any, after })
}

impl Revocations for Durable {
    fn revoke(&self, of: Revoked, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.commit(vec![write(&of, now)?], now).await?;
            self.show_revoked(of, now);
            Ok(())
        })
    }

    fn refresh(&self, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let rows = self.rows.first_of(ALL.to_owned(), MOST_REVOCATIONS).await?;
            if rows.len() == MOST_REVOCATIONS {
                return Err(StoreError::new("more tokens were revoked than a server can know"));
            }
            let read =
                rows.iter().filter(|row| row.content.forget_at > now).map(read).collect::<Result<_, _>>()?;
            self.board().was_read(read, now);
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
}
