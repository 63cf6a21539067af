//! Legacy sessions (`Mcp-Session-Id`, revisions before 2026-07-28), each bound to the caller that opened it:
//! issuer, subject and client, so a refreshed token keeps its session and another caller's token gets 404.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::{SessionId, SessionManager as _};

use mcp_auth_store::StoreError;

use super::delivered::{Delivered, InUse, ReadStream};
use super::owner::Owner;
use super::stored::StoredSessions;
use crate::authn::Identity;
use crate::declared::registry::OperationId;

/// The sessions of this process and the owner of each; there is no owner where the server verifies no caller.
pub(crate) struct Sessions {
    manager: Arc<LocalSessionManager>,
    stored: Option<StoredSessions>,
    owners: Mutex<HashMap<SessionId, Option<Owner>>>,
    opening: Arc<AtomicUsize>,
    limit: usize,
    delivered: Delivered,
}

/// A place for one more session, kept until it is open (or is not going to be).
pub(crate) struct SessionSlot(Arc<AtomicUsize>);

impl Drop for SessionSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Sessions {
    /// At most `limit` sessions at a time, each closed when idle for `idle`; `stored`, if given, lets other
    /// processes take them over.
    pub(crate) fn new(limit: usize, idle: Duration, stored: Option<StoredSessions>) -> Self {
        let mut manager = LocalSessionManager::default();
        manager.session_config.keep_alive = Some(idle);
        Self {
            manager: Arc::new(manager),
            stored,
            owners: Mutex::default(),
            opening: Arc::default(),
            limit,
            delivered: Delivered::default(),
        }
    }

    /// Where other processes find them.
    pub(crate) fn stored(&self) -> Option<&StoredSessions> {
        self.stored.as_ref()
    }

    /// rmcp's own manager of them.
    pub(crate) fn manager(&self) -> Arc<LocalSessionManager> {
        Arc::clone(&self.manager)
    }

    /// A place for one more session of `identity`. Those being opened at this moment count too; one that is just open
    /// may count twice for an instant, so what is uncertain is refused. Where all places are taken, a session of
    /// the caller that holds the most is closed, so that no caller keeps others out by opening more than it needs;
    /// `None` when the one that asks holds about as many.
    pub(crate) async fn slot_for(&self, identity: &Identity) -> Option<SessionSlot> {
        let opening = self.opening.fetch_add(1, Ordering::SeqCst) + 1;
        let slot = SessionSlot(Arc::clone(&self.opening));
        let open = self.manager.sessions.read().await.len();
        if open + opening <= self.limit {
            return Some(slot);
        }
        let crowding = self.session_of_largest_holder(Owner::of(identity).as_ref()).await?;
        tracing::warn!("every session is taken: closed one of the caller that holds the most");
        self.manager.close_session(&crowding).await.is_ok().then_some(slot)
    }

    /// A session of the caller that holds the most, if that is at least two more than `asking` holds. Those that
    /// are being opened have no owner yet, and stay.
    async fn session_of_largest_holder(&self, asking: Option<&Owner>) -> Option<SessionId> {
        let live: Vec<SessionId> = self.manager.sessions.read().await.keys().cloned().collect();
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held: HashMap<Option<&Owner>, (usize, SessionId)> = HashMap::new();
        for id in live {
            if let Some(owner) = owners.get(&id) {
                held.entry(owner.as_ref()).or_insert((0, id)).0 += 1;
            }
        }
        let own = held.get(&asking).map_or(0, |(count, _)| *count);
        let (count, session) = held.into_values().max_by_key(|(count, _)| *count)?;
        (count >= own + 2).then_some(session)
    }

    /// Notes that `operations` are about to run in the session `id`; see [`Delivered::note`].
    pub(crate) async fn note(
        &self,
        id: &str,
        operations: impl IntoIterator<Item = OperationId>,
        may_use: impl Fn(OperationId, &Identity) -> bool,
    ) -> InUse {
        let live = self.manager.sessions.read().await;
        self.delivered.forget_ended(live.len(), |id| live.contains_key(id));
        self.delivered.note(id, operations, may_use)
    }

    /// How often a stream of the session `id` was opened or resumed.
    pub(crate) fn reads(&self, id: &str) -> u64 {
        self.delivered.reads(id)
    }

    /// A stream of the session `id` for `identity`.
    ///
    /// # Errors
    /// The operations that ran in it and that `identity` may not use.
    pub(crate) fn read(
        &self,
        id: &str,
        identity: &Identity,
        may_use: impl Fn(OperationId, &Identity) -> bool,
    ) -> Result<ReadStream, Vec<OperationId>> {
        self.delivered.read(id, identity, may_use)
    }

    /// Whether the session `id` is open in this process, so that using it takes no further place.
    pub(crate) async fn is_open(&self, id: &str) -> bool {
        self.manager.sessions.read().await.contains_key(id)
    }

    /// Binds a session that was just opened to the caller that opened it.
    pub(crate) async fn bind(&self, id: &str, identity: &Identity) {
        let owner = Owner::of(identity);
        if let (Some(stored), Some(owner)) = (&self.stored, &owner) {
            stored.bind(id, owner).await;
        }
        let live = self.manager.sessions.read().await;
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.insert(Arc::from(id), owner);
        if owners.len() > 2 * live.len() + 64 {
            owners.retain(|id, _| live.contains_key(id)); // those that ended meanwhile
        }
    }

    /// Whether `identity` opened the session `id`. `false` for an unknown session.
    ///
    /// # Errors
    /// [`StoreError`], for a session that is not open here, while the store cannot tell its owner.
    pub(crate) async fn belongs_to(&self, id: &str, identity: &Identity) -> Result<bool, StoreError> {
        let asking = Owner::of(identity);
        if self.is_open(id).await {
            let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
            return Ok(owners.get(id) == Some(&asking));
        }
        let (Some(stored), Some(owner)) = (&self.stored, &asking) else { return Ok(false) };
        if !stored.enter(id, owner).await? {
            return Ok(false);
        }
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.insert(Arc::from(id), asking);
        Ok(true)
    }
}
