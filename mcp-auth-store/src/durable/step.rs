//! One step of an aggregate: it reads its rows, decides, and commits what it decided if they are still as it read them.

use std::time::Duration;

use tokio::time::timeout;

use super::record::gone;
use super::rows::{Change, Key, Row, Write};
use super::store::Durable;
use crate::StoreError;

/// How often a step begins again before it is given up. Each time some other step was done, so this is only met by a database that
/// never says yes.
pub(super) const MOST_TRIES: usize = 1000;
/// Of so many changes one sweeps.
const SWEEP_EVERY: usize = 16;
/// So many rows are swept at once: more than are written between two sweeps.
const SWEPT_AT_ONCE: usize = 256;
/// So many rows of a group are removed at once.
const FORGOTTEN_AT_ONCE: usize = 100;
/// How far the clocks of servers on one store may be apart, in seconds.
const CLOCKS_APART: u64 = 10 * 60;
/// The longest that a step waits for its turn, before it is refused.
const LONGEST_TURN: Duration = Duration::from_secs(10);

/// What a step decided: its outcome, and what it writes.
pub(super) type Decided<T> = Result<(T, Vec<Write>), StoreError>;

impl Durable {
    /// Reads the rows of `keys`, and does what `decide` decides of them. It decides again each time one of the rows that it writes was
    /// changed meanwhile, so it may only rely on rows that it writes.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then, or it cannot be told whether it was.
    pub(super) async fn step<T>(
        &self,
        keys: &[Key],
        now: u64,
        mut decide: impl FnMut(&[Option<Row>]) -> Decided<T>,
    ) -> Result<T, StoreError> {
        // Of the steps of this process on one row, one after the other tries: they would only make each other begin again.
        let _turn = match keys.first() {
            Some(first) => Some(
                timeout(LONGEST_TURN, self.turn(first).lock())
                    .await
                    .map_err(|_| StoreError::new("too many steps wait for one row"))?,
            ),
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
        let stamp = self.stamp();
        let written = writes.iter().filter(|write| write.after.is_some()).map(|write| write.key.clone());
        let written: Vec<Key> = written.collect();
        let done = match self.rows.commit(Change { writes, stamp }).await {
            Ok(done) => done,
            // The answer may be lost, and not the change: what it wrote bears its stamp.
            Err(error) => {
                let now_there = self.rows.read(written).await.unwrap_or_default();
                match now_there.iter().flatten().any(|row| row.stamp == stamp) {
                    true => true,
                    false => return Err(error),
                }
            }
        };
        if self.is_time_to_sweep(SWEEP_EVERY) {
            // The step was done, whatever becomes of this.
            let _ = self.sweep(now).await;
        }
        Ok(done)
    }

    /// Removes some of what ended a while before `now`: another server may have a clock that is behind, and needs it still. Whether a row has
    /// ended is for each step to say.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn sweep(&self, now: u64) -> Result<usize, StoreError> {
        self.rows.sweep(now.saturating_sub(CLOCKS_APART), SWEPT_AT_ONCE).await
    }

    /// Removes all rows of a group.
    ///
    /// # Errors
    /// [`StoreError`]; some may be gone.
    pub(super) async fn forget_group(&self, group: String, now: u64) -> Result<(), StoreError> {
        loop {
            let rows = self.rows.first_of(group.clone(), FORGOTTEN_AT_ONCE).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.commit(rows.into_iter().map(|row| gone(row.key)).collect(), now).await?;
        }
    }

    /// The first `most` rows of a group whose rank is the time at which they end, without those that have ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn current_of(
        &self,
        group: String,
        most: usize,
        now: u64,
    ) -> Result<Vec<Row>, StoreError> {
        // Those that have ended come first, until they are swept.
        let all = self.rows.count(group.clone(), 0).await?;
        let ended = all.saturating_sub(self.rows.count(group.clone(), now.saturating_add(1)).await?);
        let first = most.saturating_add(usize::try_from(ended).unwrap_or(usize::MAX));
        let mut rows = self.rows.first_of(group, first).await?;
        rows.retain(|row| row.content.rank > now);
        rows.truncate(most);
        Ok(rows)
    }

    /// The row of `key`, ended or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn row(&self, key: Key) -> Result<Option<Row>, StoreError> {
        Ok(self.rows.read(vec![key]).await?.into_iter().next().flatten())
    }
}
