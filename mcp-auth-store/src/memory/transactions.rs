//! What was begun and waits for its end, in memory.

use super::bounded::Bounded;
use super::store::locked;
use crate::aggregate::{MOST_OF_AN_OWNER, MOST_TRANSACTIONS};
use crate::{MemoryStore, SecretHash, StoreFuture, Transaction, Transactions};

impl Transactions for MemoryStore {
    fn begin<'a>(
        &'a self,
        kind: &'a str,
        id: SecretHash,
        transaction: Transaction,
        now: u64,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut transactions = locked(&self.transactions);
            let of_kind =
                transactions.entry(kind.to_owned()).or_insert_with(|| Bounded::new(MOST_TRANSACTIONS));
            let expires_at = transaction.expires_at;
            of_kind.make_room(MOST_OF_AN_OWNER, |other| other.owner == transaction.owner);
            of_kind.insert(id, transaction, expires_at, now);
            Ok(())
        })
    }

    fn find<'a>(&'a self, kind: &'a str, id: SecretHash, now: u64) -> StoreFuture<'a, Option<Transaction>> {
        Box::pin(async move {
            let transactions = locked(&self.transactions);
            Ok(transactions.get(kind).and_then(|of_kind| of_kind.get(&id, now)).cloned())
        })
    }

    fn take<'a>(&'a self, kind: &'a str, id: SecretHash, now: u64) -> StoreFuture<'a, Option<Transaction>> {
        Box::pin(async move {
            let mut transactions = locked(&self.transactions);
            let Some(of_kind) = transactions.get_mut(kind) else { return Ok(None) };
            let taken = of_kind.get(&id, now).cloned();
            of_kind.remove(&id);
            Ok(taken)
        })
    }
}
