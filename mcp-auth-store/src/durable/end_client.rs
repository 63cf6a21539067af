//! The end of all that one person allowed one client: one change of all its rows.

use std::collections::BTreeSet;

use super::record::{gone, put, read, removed};
use super::step::MOST_TRIES;
use super::store::Durable;
use super::{codes, consents, device_codes, grants};
use crate::{Grant, Revoked, StoreError};

/// More rows than a person has of each kind: codes are given at a bounded rate.
const MOST: usize = 10_000;

impl Durable {
    /// The step of [`end_client_of_person`](crate::Consents::end_client_of_person).
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then, or it cannot be told whether it was.
    pub(super) async fn end_client(
        &self,
        subject: &str,
        client_id: &str,
        now: u64,
    ) -> Result<(), StoreError> {
        for _ in 0..MOST_TRIES {
            let mut writes = Vec::new();
            // A grant that was redeemed a moment ago is named by its code too.
            let mut dead = BTreeSet::new();
            // Read first and written last: whoever lets the client in writes this row too, so what was let in after this was read makes the
            // change fail.
            let consent = self.row(consents::key(subject, client_id)).await?;
            // Then what can become a grant, and then grants: what was redeemed in between has another stamp.
            for row in self.rows.first_of(codes::of_person(subject), MOST).await? {
                match codes::of_client(&row, client_id)? {
                    Some(codes::Use::Unused) => writes.push(removed(&row)),
                    // Of a client that does not refresh only its code knows the grant.
                    Some(codes::Use::Used(grant)) => drop(dead.insert(grant)),
                    None => {}
                }
            }
            for row in self.rows.first_of(device_codes::of_person(subject), MOST).await? {
                if device_codes::is_of_client(&row, client_id)? {
                    writes.push(removed(&row));
                }
            }
            for row in self.rows.first_of(grants::of_person(subject), MOST).await? {
                let grant: Grant = read(&row)?;
                if grant.client_id == client_id {
                    dead.insert(grant.id);
                    writes.push(gone(row.key));
                }
            }
            if let Some(row) = &consent {
                writes.push(put(&row.key, Some(row), consents::ended(row)?));
            }
            if writes.is_empty() && dead.is_empty() {
                return Ok(());
            }
            let mut revoked = self.dying(subject, dead.iter().map(String::as_str), now).await?;
            // All access tokens of the person are more than those of one client, and are one entry however often they are revoked.
            if !revoked.contains(&Revoked::Person(subject.to_owned())) {
                revoked.push(Revoked::ClientOfPerson {
                    client_id: client_id.to_owned(),
                    subject: subject.to_owned(),
                });
            }
            let (revoking, revoked) = self.revoking(subject, &revoked, now).await?;
            writes.extend(revoking);
            if self.commit(writes, now).await? {
                self.show_revoked(revoked);
                return Ok(());
            }
        }
        Err(StoreError::new("other steps changed the same rows again and again"))
    }
}
