//! Who is told that the tools changed: sessions of revisions before 2026-07-28, and streams of `subscriptions/listen` that asked for it.
//! The message names no tool, so everyone gets it: what a caller is shown, the next list says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use rmcp::service::{Peer, RoleServer, SubscriptionSink};
use tokio::sync::watch;

/// How long one session may take for the message. One whose queue is full, because its client reads no stream, is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Those who are told when the tools change.
pub(super) struct Followers {
    sessions: Arc<Mutex<Vec<Peer<RoleServer>>>>,
    changes: watch::Receiver<u64>,
}

impl Followers {
    /// Tells of these changes, until those who make them are gone. Changes that come while others are told of are told of once.
    pub(super) fn of(changes: watch::Receiver<u64>) -> Self {
        let sessions = Arc::new(Mutex::new(Vec::new()));
        let (told, mut seen) = (Arc::downgrade(&sessions), changes.clone());
        let tell = async move {
            while seen.changed().await.is_ok() {
                let Some(sessions) = told.upgrade() else { return };
                let all = open(&sessions).clone();
                drop(sessions);
                join_all(all.iter().map(tell)).await;
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tell);
        }
        Self { sessions, changes }
    }

    /// Tells this session too, for as long as it is open.
    pub(super) fn include(&self, session: Peer<RoleServer>) {
        open(&self.sessions).push(session);
    }

    /// Tells this stream, for as long as this is awaited. `is_stale` says whether the tools have changed since the gate decided on it.
    pub(super) async fn follow(&self, stream: SubscriptionSink, is_stale: impl FnOnce() -> bool) {
        let mut changes = self.changes.clone();
        changes.mark_unchanged();
        let mut is_stale = is_stale();
        loop {
            // A stream that did not ask for it is told nothing of tools, ever.
            if is_stale && stream.notify_tool_list_changed().await.is_err() {
                break;
            }
            is_stale = match changes.changed().await {
                Ok(()) => true,
                Err(_) => break,
            };
        }
        std::future::pending().await
    }
}

/// The sessions that are open.
fn open(sessions: &Mutex<Vec<Peer<RoleServer>>>) -> MutexGuard<'_, Vec<Peer<RoleServer>>> {
    let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.retain(|session| !session.is_transport_closed());
    sessions
}

async fn tell(session: &Peer<RoleServer>) {
    match tokio::time::timeout(PATIENCE, session.notify_tool_list_changed()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a session was not told that the tools changed"),
        Err(_) => tracing::debug!("a session was not told that the tools changed: its client reads no stream"),
    }
}
