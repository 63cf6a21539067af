//! What the streams of a session deliver: answers and notifications of all that ran in it. A token of the session's owner
//! that may not use one of these operations reads none of its streams.
//!
//! rmcp keeps for a session what it sent, and delivers it again to the client that resumes a stream; it does not say to which
//! operation an event belongs. So the whole session counts.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::authn::Identity;
use crate::authz::Ran;
use crate::declared::filling::FilledScopes;
use crate::declared::registry::OperationId;

/// Of so many calls of one session it is known what they filled into scopes. Of more than that, who may only have what a call
/// filled reads none.
const MOST_KNOWN: usize = 256;

/// What ran in each session of this process, and who reads its streams.
#[derive(Default)]
pub(super) struct Delivered {
    sessions: Mutex<HashMap<Arc<str>, Session>>,
}

#[derive(Default)]
struct Session {
    operations: HashSet<Ran>,
    readers: Vec<Reader>,
    /// Held by every message and every stream of it, with when the last one of them ended that is more than a notification.
    in_use: Arc<LastUse>,
    /// How often a stream of it was opened or resumed.
    reads: u64,
}

type LastUse = Mutex<Option<Instant>>;

/// When a session was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A message of it is being answered, or a stream of it is open.
    Now,
    /// Then, the last time.
    At(Instant),
    /// Not since it was opened.
    Never,
}

/// How a session's streams are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// How often one was opened or resumed.
    pub(crate) times: u64,
    /// Whether one is open.
    pub(crate) is_read: bool,
}

impl Session {
    fn reads(&self) -> Reads {
        let is_read = self.readers.iter().any(|reader| reader.stream.strong_count() > 0);
        Reads { times: self.reads, is_read }
    }

    /// Whether a message is on its way into the session, or a stream of it is open. The session may not be open yet: it is
    /// being restored from the store then.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.in_use) > 1
    }
}

struct Reader {
    identity: Identity,
    stream: Weak<CancellationToken>,
}

/// A session counts as in use while this lives.
pub(crate) struct InUse {
    last: Arc<LastUse>,
    /// Whether it is a use: a notification may only say that the session is open.
    is_use: bool,
}

impl Drop for InUse {
    fn drop(&mut self) {
        if self.is_use {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

/// An open stream of a session.
pub(crate) struct ReadStream(Arc<CancellationToken>, #[expect(dead_code, reason = "it counts")] InUse);

impl ReadStream {
    /// Waits until something runs in the session that its reader may not use.
    pub(crate) async fn exceeded(self) {
        self.0.cancelled().await;
    }
}

impl Delivered {
    /// Notes that `operations` are about to run in the session `id`, and ends its streams whose readers may not use one of
    /// them. What was noted stays while the answer lives, so keep it until the message is in its session.
    pub(super) fn note(
        &self,
        id: &str,
        operations: impl IntoIterator<Item = Ran>,
        is_use: bool,
        may_use: impl Fn(&Ran, &Identity) -> bool,
    ) -> InUse {
        let mut sessions = self.sessions();
        let session = sessions.entry(Arc::from(id)).or_default();
        for ran in operations {
            let ran = match session.operations.len() {
                MOST_KNOWN.. => Ran { filled: ran.filled.map(|_| FilledScopes::new()), ..ran },
                _ => ran,
            };
            if session.operations.insert(ran.clone()) {
                session.readers.retain(|reader| {
                    let Some(stream) = reader.stream.upgrade() else { return false };
                    let stays = may_use(&ran, &reader.identity);
                    if !stays {
                        stream.cancel();
                    }
                    stays
                });
            }
        }
        InUse { last: Arc::clone(&session.in_use), is_use }
    }

    /// A stream of the session `id` for `identity`.
    ///
    /// # Errors
    /// The operations that ran in it and that `identity` may not use.
    pub(super) fn read(
        &self,
        id: &str,
        identity: &Identity,
        may_use: impl Fn(&Ran, &Identity) -> bool,
    ) -> Result<ReadStream, Vec<OperationId>> {
        let mut sessions = self.sessions();
        let session = sessions.entry(Arc::from(id)).or_default();
        let beyond = session.operations.iter().filter(|ran| !may_use(ran, identity));
        let beyond: Vec<_> = beyond.map(|ran| ran.operation).collect();
        if !beyond.is_empty() {
            return Err(beyond);
        }
        session.reads += 1;
        let stream = Arc::new(CancellationToken::new());
        session.readers.retain(|reader| reader.stream.strong_count() > 0);
        session.readers.push(Reader { identity: identity.clone(), stream: Arc::downgrade(&stream) });
        Ok(ReadStream(stream, InUse { last: Arc::clone(&session.in_use), is_use: true }))
    }

    /// How often a stream of the session `id` was opened or resumed, and whether one is open.
    pub(super) fn reads(&self, id: &str) -> Reads {
        self.sessions().get(id).map(Session::reads).unwrap_or_default()
    }

    /// When the session `id` was used.
    pub(super) fn last_use(&self, id: &str) -> Use {
        let sessions = self.sessions();
        let Some(session) = sessions.get(id) else { return Use::Never };
        if session.is_in_use() {
            return Use::Now;
        }
        let last = *session.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        last.map_or(Use::Never, Use::At)
    }

    /// Forgets sessions that ended, once there are many of them. One that is in use has not ended: where it is not live, it
    /// is being restored.
    pub(super) fn forget_ended(&self, live: usize, is_live: impl Fn(&str) -> bool) {
        let mut sessions = self.sessions();
        if sessions.len() > 2 * live + 64 {
            sessions.retain(|id, session| is_live(id) || session.is_in_use());
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<Arc<str>, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::authn::holder;
    use crate::call::build;
    use crate::declared::registry::Registry;
    use rmcp::model::{JsonObject, Tool};

    fn operation() -> Ran {
        let tool = Tool::new_with_raw("t", None, JsonObject::new());
        Registry::new(vec![build::tool(build::all(&["read"]), tool)])
            .unwrap()
            .tool("t")
            .map(|operation| Ran { operation, filled: Some(FilledScopes::new()) })
            .unwrap()
    }

    fn holds_read(_: &Ran, who: &Identity) -> bool {
        who.principal().is_some_and(|principal| principal.scopes().contains("read"))
    }

    #[test]
    fn a_session_is_used_until_its_message_is_answered_and_not_by_a_notification() {
        let delivered = Delivered::default();
        drop(delivered.note("a", [], false, holds_read));
        assert_eq!(delivered.last_use("a"), Use::Never);
        let message = delivered.note("a", [], true, holds_read);
        assert_eq!(delivered.last_use("a"), Use::Now);
        let before = Instant::now();
        drop(message);
        assert!(matches!(delivered.last_use("a"), Use::At(at) if at >= before), "since it was answered");
    }

    #[test]
    fn a_stream_needs_what_ran_in_its_session_and_in_no_other() {
        let (delivered, tool) = (Delivered::default(), operation());
        let reads = |id, scopes| delivered.read(id, &holder(scopes), holds_read).is_ok();
        assert!(reads("a", ""));
        delivered.note("a", [tool.clone()], true, holds_read);
        assert!(reads("a", "read") && !reads("a", "") && reads("b", ""));
    }

    #[tokio::test]
    async fn an_open_stream_ends_before_what_its_reader_may_not_use_runs() {
        let (delivered, tool) = (Delivered::default(), operation());
        let weak = delivered.read("a", &holder(""), holds_read).ok().unwrap();
        let strong = delivered.read("a", &holder("read"), holds_read).ok().unwrap();
        delivered.note("b", [tool.clone()], true, holds_read);
        assert!(!weak.0.is_cancelled());
        delivered.note("a", [tool.clone()], true, holds_read);
        assert!(weak.exceeded().now_or_never().is_some());
        assert!(strong.exceeded().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_session_is_used_by_its_messages_and_streams_but_not_by_notifications() {
        let (delivered, began) = (Delivered::default(), Instant::now());
        assert_eq!(delivered.last_use("a"), Use::Never);
        drop(delivered.note("a", [], false, holds_read));
        assert_eq!(delivered.last_use("a"), Use::Never, "a notification");
        let message = delivered.note("a", [], true, holds_read);
        assert_eq!(delivered.last_use("a"), Use::Now);
        drop(message);
        assert!(matches!(delivered.last_use("a"), Use::At(used) if used >= began));
        let _stream = delivered.read("a", &holder(""), holds_read).ok().unwrap();
        assert_eq!(delivered.last_use("a"), Use::Now);
    }

    #[test]
    fn sessions_that_ended_are_forgotten() {
        let delivered = Delivered::default();
        for n in 0..100 {
            delivered.note(&n.to_string(), [], true, holds_read);
        }
        delivered.forget_ended(1, |id| id == "7");
        assert_eq!(delivered.sessions().len(), 1);
    }

    #[test]
    fn what_ran_in_a_session_is_kept_while_it_is_restored_or_read() {
        let (delivered, tool) = (Delivered::default(), operation());
        let restoring = delivered.note("restored", [tool.clone()], true, holds_read);
        let reading = delivered.read("read", &holder("read"), holds_read).ok().unwrap();
        delivered.note("read", [tool.clone()], true, holds_read);
        for n in 0..100 {
            delivered.note(&n.to_string(), [], true, holds_read);
            delivered.forget_ended(0, |_| false);
        }
        for id in ["restored", "read"] {
            assert!(delivered.read(id, &holder(""), holds_read).is_err(), "{id}: a weaker token");
            assert!(delivered.read(id, &holder("read"), holds_read).is_ok(), "{id}");
        }
        drop((restoring, reading));
        for n in 0..100 {
            delivered.note(&n.to_string(), [], true, holds_read);
        }
        delivered.forget_ended(0, |_| false);
        assert!(delivered.sessions().is_empty(), "and no longer");
    }
}
