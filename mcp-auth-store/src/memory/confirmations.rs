//! Calls that wait for their person, in memory.

use super::store::locked;
use crate::{Answer, Confirmation, Confirmations, MOST_WAITING, MemoryStore, SecretHash, StoreFuture, Taken};

/// A call that waits, or its answer that was not taken yet.
pub(super) enum Asked {
    Waiting(Confirmation),
    Answered(Answer),
}

impl Confirmations for MemoryStore {
    fn ask(&self, id: SecretHash, confirmation: Confirmation, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let mut confirmations = locked(&self.confirmations);
            let of = |waiting: &Confirmation| (waiting.subject.clone(), waiting.connects.is_some());
            let this = of(&confirmation);
            let is_theirs = |asked: &&Asked| matches!(asked, Asked::Waiting(waiting) if of(waiting) == this);
            if confirmations.values(now).filter(is_theirs).count() >= MOST_WAITING {
                return Ok(false);
            }
            let expires_at = confirmation.expires_at;
            confirmations.insert(id, Asked::Waiting(confirmation), expires_at, now);
            Ok(true)
        })
    }

    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Confirmation>> {
        Box::pin(async move {
            Ok(match locked(&self.confirmations).get(&id, now) {
                Some(Asked::Waiting(confirmation)) => Some(confirmation.clone()),
                Some(Asked::Answered(_)) | None => None,
            })
        })
    }

    fn answer(&self, id: SecretHash, answer: Answer, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            Ok(match locked(&self.confirmations).get_mut(&id, now) {
                Some(asked @ Asked::Waiting(_)) => {
                    *asked = Asked::Answered(answer);
                    true
                }
                Some(Asked::Answered(_)) | None => false,
            })
        })
    }

    fn take(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Taken> {
        Box::pin(async move {
            let mut confirmations = locked(&self.confirmations);
            let answer = match confirmations.get(&id, now) {
                Some(Asked::Waiting(_)) => return Ok(Taken::Waiting),
                Some(Asked::Answered(answer)) => *answer,
                None => return Ok(Taken::Gone),
            };
            confirmations.remove(&id);
            Ok(Taken::Answered(answer))
        })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, _: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let is_theirs =
                |asked: &Asked| matches!(asked, Asked::Waiting(waiting) if waiting.subject == subject);
            locked(&self.confirmations).remove_where(|_, asked| is_theirs(asked));
            Ok(())
        })
    }
}
