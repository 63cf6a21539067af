//! Runs the same step many times at once.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// How many times a step runs at once.
pub(super) const MANY: usize = 100;

/// Starts `step` [`MANY`] times at the same moment, and returns every outcome.
pub(super) async fn at_once<T, F>(step: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(MANY));
    let mut running = JoinSet::new();
    for n in 0..MANY {
        let (start, step) = (Arc::clone(&start), step(n));
        running.spawn(async move {
            start.wait().await;
            step.await
        });
    }
    running.join_all().await
}

/// How many of `outcomes` are `wanted`.
pub(super) fn count<T: PartialEq>(outcomes: &[T], wanted: &T) -> usize {
    outcomes.iter().filter(|outcome| *outcome == wanted).count()
}
