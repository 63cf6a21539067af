//! The one thread that has the connection: SQLite lets one write at a time, and a thread that waits for the disk holds up no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::StoreError;

/// How many steps may wait. One more is refused: by the time it came to it, nobody would wait for it.
const MOST_WAITING: usize = 1024;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The thread. With the last clone of this it does what waits, closes the file, and ends.
#[derive(Clone)]
pub(super) struct Thread(Arc<Running>);

struct Running {
    /// Empty once it ends.
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Thread {
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn with(mut connection: Connection) -> std::io::Result<Self> {
        let (jobs, received) = sync_channel::<Job>(MOST_WAITING);
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || {
            for job in received {
                // The caller of a step that panics is told that it was not done.
                let _ = catch_unwind(AssertUnwindSafe(|| job(&mut connection)));
                if !connection.is_autocommit() {
                    let _ = connection.execute_batch("ROLLBACK");
                }
            }
        })?;
        Ok(Self(Arc::new(Running { jobs: Some(jobs), thread: Some(thread) })))
    }

    /// Does one step that writes, a transaction of its own. It is on the disk once this is done.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed then.
    pub(super) async fn step<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(TransactionBehavior::Immediate, step).await
    }

    /// Does one step that only reads: it waits for no other process.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn read<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(TransactionBehavior::Deferred, step).await
    }

    async fn run<T: Send + 'static>(
        &self,
        behavior: TransactionBehavior,
        step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, outcome) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // What nobody waits for any more is not done.
            if done.is_closed() {
                return;
            }
            let transaction = connection.transaction_with_behavior(behavior);
            let outcome = transaction.and_then(|transaction| {
                let value = step(&transaction)?;
                transaction.commit()?;
                Ok(value)
            });
            let _ = done.send(outcome);
        });
        let ended = || StoreError::new("the thread of the store has ended");
        match self.0.jobs.as_ref().ok_or_else(ended)?.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(StoreError::new("too many steps wait for the store")),
            Err(TrySendError::Disconnected(_)) => return Err(ended()),
        }
        match outcome.await {
            Ok(outcome) => outcome.map_err(StoreError::new),
            Err(_) => Err(StoreError::new("the step was not done")),
        }
    }
}
