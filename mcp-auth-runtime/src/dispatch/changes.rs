//! Who is told that the tools changed: sessions of revisions before 2026-07-28, and streams of `subscriptions/listen` that asked for it.
//! The message names no tool, so everyone gets it: what a caller is shown, the next list says.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::service::{Peer, RoleServer, SubscriptionSink};
use tokio::sync::watch;

/// How long one session may take for the message. One whose queue is full, because its client reads no stream, is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A session, and whether it is being told at this moment. None waits for another.
#[derive(Clone)]
struct Session {
    peer: Peer<RoleServer>,
    state: Arc<AtomicU8>,
}

const IDLE: u8 = 0;
const BEING_TOLD: u8 = 1;
/// The tools have changed since.
const BEING_TOLD_OF_LESS: u8 = 2;

/// Those who are told when the tools change.
pub(super) struct Followers {
    sessions: Arc<Mutex<Vec<Session>>>,
    changes: watch::Receiver<u64>,
}

impl Followers {
    /// Tells of these changes, until those who make them are gone. Changes that come while others are told of are told of once.
    pub(super) fn of(changes: watch::Receiver<u64>) -> Self {
        let sessions = Arc::new(Mutex::new(Vec::new()));
        let (told, mut seen) = (Arc::downgrade(&sessions), changes.clone());
        let telling = async move {
            while seen.changed().await.is_ok() {
                let Some(sessions) = told.upgrade() else { return };
                for session in &*open(&sessions) {
                    session.clone().tell_soon();
                }
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(telling);
        }
        Self { sessions, changes }
    }

    /// Tells this session too, for as long as it is open.
    pub(super) fn include(&self, session: Peer<RoleServer>) {
        open(&self.sessions).push(Session { peer: session, state: Arc::default() });
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
fn open(sessions: &Mutex<Vec<Session>>) -> MutexGuard<'_, Vec<Session>> {
    let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.retain(|session| !session.peer.is_transport_closed());
    sessions
}

impl Session {
    fn tell_soon(self) {
        if self.state.swap(BEING_TOLD_OF_LESS, Ordering::AcqRel) == IDLE {
            tokio::spawn(self.tell());
        }
    }

    async fn tell(self) {
        loop {
            self.state.store(BEING_TOLD, Ordering::Release);
            match tokio::time::timeout(PATIENCE, self.peer.notify_tool_list_changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a session was not told that the tools changed"),
                Err(_) => {
                    tracing::debug!("a session was not told that the tools changed: nobody reads its stream")
                }
            }
            let ended = self.state.compare_exchange(BEING_TOLD, IDLE, Ordering::AcqRel, Ordering::Acquire);
            if ended.is_ok() {
                return;
            }
        }
    }
}
