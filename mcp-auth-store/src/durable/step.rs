//! One step of an aggregate: it reads its rows, decides, and commits what it decided if they are still as it read them.

use super::rows::{Change, Key, Row, Write};
use super::store::Durable;
use crate::StoreError;

/// How often a step begins again before it is given up. Each time some other step was done, so this is only met by a database that
/// never says yes.
const MOST_TRIES: usize = 1000;
/// Of so many changes one sweeps.
const SWEEP_EVERY: usize = 16;
/// So many rows are swept at once: more than are written between two sweeps.
const SWEPT_AT_ONCE: usize = 64;

/// What a step decided: its outcome, and what it writes.
pub(super) type Decided<T> = Result<(T, Vec<Write>), StoreError>;

impl Durable {
    /// Reads the rows of `keys`, and does what `decide` decides of them. It decides again each time one of the rows that it writes was
    /// changed meanwhile, so it may only rely on rows that it writes.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then.
    pub(super) async fn step<T>(
        &self,
        keys: &[Key],
        now: u64,
        mut decide: impl FnMut(&[Option<Row>]) -> Decided<T>,
    ) -> Result<T, StoreError> {
        // Of the steps of this process on one row, one after the other tries: they would only make each other begin again.
        let _turn = match keys.first() {
            Some(first) => Some(self.turn(first).lock().await),
            None => None,
        };
        for _ in 0..MOST_TRIES {
            let rows = self.rows.read(keys.to_vec()).await?;
            let (outcome, writes) = decide(&rows)?;
            if writes.is_empty() || self.commit(writes, now).await? {
                return Ok(outcome);
            }
        }
        Err(StoreError::new("other steps changed the same rows again and again"))
    }

    /// Does these writes, if the rows are what they have to be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn commit(&self, writes: Vec<Write>, now: u64) -> Result<bool, StoreError> {
        let done = self.rows.commit(Change { writes, stamp: self.stamp() }).await?;
        if self.is_time_to_sweep(SWEEP_EVERY) {
            // The step was done, whatever becomes of this.
            let _ = self.rows.sweep(now, SWEPT_AT_ONCE).await;
        }
        Ok(done)
    }

    /// The row of `key`, ended or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn row(&self, key: Key) -> Result<Option<Row>, StoreError> {
        Ok(self.rows.read(vec![key]).await?.into_iter().next().flatten())
    }
}
