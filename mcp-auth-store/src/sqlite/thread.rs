//! The one thread that has the connection: SQLite lets one write at a time, and a thread that waits for the disk holds up no other.

use std::sync::mpsc;
use std::thread;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::StoreError;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The thread. It ends with the last clone of this.
#[derive(Clone)]
pub(super) struct Thread(mpsc::Sender<Job>);

impl Thread {
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn with(mut connection: Connection) -> std::io::Result<Self> {
        let (jobs, received) = mpsc::channel::<Job>();
        thread::Builder::new().name("store".to_owned()).spawn(move || {
            for job in received {
                job(&mut connection);
            }
        })?;
        Ok(Self(jobs))
    }

    /// Does one step, a transaction of its own. It is on the disk once this is done.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then.
    pub(super) async fn step<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, outcome) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
            let outcome = transaction.and_then(|transaction| {
                let value = step(&transaction)?;
                transaction.commit()?;
                Ok(value)
            });
            // Whoever asked may have gone away.
            let _ = done.send(outcome);
        });
        self.0.send(job).map_err(|_| StoreError::new("the thread of the store has ended"))?;
        match outcome.await {
            Ok(outcome) => outcome.map_err(StoreError::new),
            Err(_) => Err(StoreError::new("the thread of the store has ended")),
        }
    }
}
