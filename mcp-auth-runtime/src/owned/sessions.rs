//! Legacy sessions (`Mcp-Session-Id`, revisions before 2026-07-28), each bound to the caller that opened it:
//! issuer, subject and client, so a refreshed token keeps its session and another caller's token gets 404.
//!
//! Callers that are not verified have none, or share a few where an operator wants it: they cannot be told apart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::{SessionId, SessionManager as _};
use tokio::time::Instant;

use mcp_auth_store::StoreError;

use super::crowded::Crowded;
use super::delivered::{Delivered, InUse, ReadStream, Reads, Use};
use super::owner::Owner;
use super::stored::StoredSessions;
use crate::authn::Identity;
use crate::authz::Ran;
use crate::declared::registry::OperationId;

/// A session that was used so lately does not give way.
const LATELY: Duration = Duration::from_secs(10);

/// How many sessions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionLimits {
    /// Open at once, of all callers.
    pub(crate) all: usize,
    /// Open at once, of one subject, with whatever clients.
    pub(crate) caller: usize,
    /// Open at once, of callers that are not verified.
    pub(crate) anonymous: usize,
    /// Without a message for so long a session is closed.
    pub(crate) idle: Duration,
}

/// The sessions of this process and the owner of each.
pub(crate) struct Sessions {
    manager: Arc<LocalSessionManager>,
    stored: Option<StoredSessions>,
    limits: SessionLimits,
    table: Arc<Mutex<Table>>,
    delivered: Delivered,
}

#[derive(Default)]
struct Table {
    held: HashMap<SessionId, Held>,
    /// Who opens or restores one at this moment.
    opening: Vec<Option<Owner>>,
}

struct Held {
    owner: Option<Owner>,
    since: Instant,
}

/// A place for one more session, kept until it is open (or is not going to be).
pub(crate) struct SessionSlot {
    table: Arc<Mutex<Table>>,
    owner: Option<Owner>,
}

impl Drop for SessionSlot {
    fn drop(&mut self) {
        let opening = &mut lock(&self.table).opening;
        if let Some(at) = opening.iter().position(|owner| *owner == self.owner) {
            opening.swap_remove(at);
        }
    }
}

/// What there is to do for one more session.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    /// There is room.
    Room,
    /// This one gives way.
    Close(SessionId),
    /// There is none, and its caller goes without.
    Without,
    /// None gives way.
    Crowded(Crowded),
}

impl Sessions {
    /// At most so many sessions; `stored`, if given, lets other processes take them over.
    pub(crate) fn new(limits: SessionLimits, stored: Option<StoredSessions>) -> Self {
        let mut manager = LocalSessionManager::default();
        manager.session_config.keep_alive = Some(limits.idle);
        Self {
            manager: Arc::new(manager),
            stored,
            limits,
            table: Arc::default(),
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

    /// A place for one more session of `identity`; `None` for a caller that is not verified and goes without. Those being
    /// opened at this moment count too; one that is just open may count twice for an instant, so what is uncertain is
    /// refused.
    ///
    /// A caller who has as many as one may have gives up its own that was not used for the longest time. Where all places are
    /// taken, the subject that has the most gives one up, of the client of it that has the most, so that no caller keeps others
    /// out by opening more than it needs. One that was used in the last seconds does not give way.
    ///
    /// # Errors
    /// [`Crowded`], where none gives way.
    pub(crate) async fn slot_for(&self, identity: &Identity) -> Result<Option<SessionSlot>, Crowded> {
        let owner = Owner::of(identity);
        lock(&self.table).opening.push(owner.clone());
        let slot = SessionSlot { table: Arc::clone(&self.table), owner: owner.clone() };
        let judged = {
            let live = self.manager.sessions.read().await;
            let mut table = lock(&self.table);
            let last_use = |id: &str| self.delivered.last_use(id);
            let is_live = |id: &str| live.contains_key(id);
            let judged = table.judge(owner.as_ref(), &self.limits, is_live, live.len(), last_use);
            if let Judged::Close(id) = &judged {
                table.held.remove(id); // no other closes it too, and no message reaches it any more
            }
            judged
        };
        match judged {
            Judged::Room => Ok(Some(slot)),
            Judged::Without => Ok(None),
            Judged::Close(id) => {
                tracing::warn!("there is no room for another session: closed one that was not used lately");
                match self.manager.close_session(&id).await {
                    Ok(()) => Ok(Some(slot)),
                    Err(_) => Err(ALL_TAKEN),
                }
            }
            Judged::Crowded(crowded) => Err(crowded),
        }
    }

    /// Notes that `operations` are about to run in the session `id`; see [`Delivered::note`].
    pub(crate) async fn note(
        &self,
        id: &str,
        operations: impl IntoIterator<Item = Ran>,
        is_use: bool,
        may_use: impl Fn(&Ran, &Identity) -> bool,
    ) -> InUse {
        let live = self.manager.sessions.read().await;
        self.delivered.forget_ended(live.len(), |id| live.contains_key(id));
        self.delivered.note(id, operations, is_use, may_use)
    }

    /// How often a stream of the session `id` was opened or resumed, and whether one is open.
    pub(crate) fn reads(&self, id: &str) -> Reads {
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
        may_use: impl Fn(&Ran, &Identity) -> bool,
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
        let mut table = lock(&self.table);
        table.hold(id, owner);
        if table.held.len() > 2 * live.len() + 64 {
            table.held.retain(|id, _| live.contains_key(id)); // those that ended meanwhile
        }
    }

    /// Whether `identity` opened the session `id`. `false` for an unknown session.
    ///
    /// # Errors
    /// [`StoreError`], for a session that is not known here, while the store cannot tell its owner.
    pub(crate) async fn belongs_to(&self, id: &str, identity: &Identity) -> Result<bool, StoreError> {
        let asking = Owner::of(identity);
        if self.is_open(id).await
            && let Some(held) = lock(&self.table).held.get(id)
        {
            return Ok(held.owner == asking);
        }
        let (Some(stored), Some(owner)) = (&self.stored, &asking) else { return Ok(false) };
        if !stored.enter(id, owner).await? {
            return Ok(false);
        }
        lock(&self.table).hold(id, asking);
        Ok(true)
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

const ALL_TAKEN: Crowded = Crowded::Server { key: "limits.sessions", what: "open sessions" };

impl Table {
    fn hold(&mut self, id: &str, owner: Option<Owner>) {
        self.held.insert(Arc::from(id), Held { owner, since: Instant::now() });
    }

    /// What there is to do for one more session of `owner`, which counts among those that are being opened.
    fn judge(
        &self,
        owner: Option<&Owner>,
        limits: &SessionLimits,
        is_live: impl Fn(&str) -> bool,
        live: usize,
        last_use: impl Fn(&str) -> Use,
    ) -> Judged {
        let mut subjects: HashMap<_, Vec<&SessionId>> = HashMap::new();
        for (id, held) in self.held.iter().filter(|(id, _)| is_live(id)) {
            subjects.entry(held.owner.as_ref().map(Owner::subject)).or_default().push(id);
        }
        let subject = owner.map(Owner::subject);
        let is_same = |other: &&Option<Owner>| other.as_ref().map(Owner::subject) == subject;
        let opening = self.opening.iter().filter(is_same).count();
        let own = subjects.get(&subject).map_or(&[][..], Vec::as_slice);
        if owner.is_none() {
            let most = limits.anonymous.min(limits.all);
            return if own.len() + opening > most { Judged::Without } else { Judged::Room };
        }
        let now = Instant::now();
        // Of these the one that was not used for the longest time, if it was not used lately.
        let idlest = |ids: &[&SessionId]| {
            let idle = ids.iter().filter_map(|id| {
                let used = match last_use(id) {
                    Use::Now => return None,
                    Use::At(used) if now.duration_since(used) < LATELY => return None,
                    Use::At(used) => used,
                    Use::Never => self.held.get(*id)?.since,
                };
                Some((used, *id))
            });
            idle.min_by_key(|(used, _)| *used).map(|(_, id)| Judged::Close(Arc::clone(id)))
        };
        if own.len() + opening > limits.caller {
            let what = "open sessions";
            let crowded = Crowded::Caller { key: "limits.caller_sessions", limit: limits.caller, what };
            return idlest(own).unwrap_or(Judged::Crowded(crowded));
        }
        // The last places are for callers who have none.
        let kept = if own.len() + opening > 1 { limits.all / 8 } else { 0 };
        if live + self.opening.len() <= limits.all - kept {
            return Judged::Room;
        }
        let mut larger: Vec<_> = subjects.values().filter(|ids| ids.len() >= own.len() + 2).collect();
        larger.sort_unstable_by_key(|ids| std::cmp::Reverse(ids.len()));
        for ids in larger {
            let clients = self.by_client(ids);
            if let Some(judged) = clients.iter().find_map(|ids| idlest(ids)) {
                return judged;
            }
        }
        // Among the clients of one subject the same.
        let clients = self.by_client(own);
        let is_of_this =
            |id: &&&SessionId| self.held.get(**id).is_some_and(|held| held.owner.as_ref() == owner);
        let of_this = own.iter().filter(is_of_this).count();
        let larger = clients.iter().filter(|ids| ids.len() >= of_this + 2);
        larger.map(|ids| idlest(ids)).find_map(|judged| judged).unwrap_or(Judged::Crowded(ALL_TAKEN))
    }

    /// The sessions of one subject, by client: those of the one that has the most first.
    fn by_client<'i>(&self, ids: &[&'i SessionId]) -> Vec<Vec<&'i SessionId>> {
        let mut clients: HashMap<Option<&Owner>, Vec<&'i SessionId>> = HashMap::new();
        for id in ids {
            clients.entry(self.held.get(*id).and_then(|held| held.owner.as_ref())).or_default().push(id);
        }
        let mut clients: Vec<_> = clients.into_values().collect();
        clients.sort_unstable_by_key(|ids| std::cmp::Reverse(ids.len()));
        clients
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::principal_of;

    const LIMITS: SessionLimits =
        SessionLimits { all: 16, caller: 8, anonymous: 2, idle: Duration::from_secs(60) };

    fn owner(subject: &str, client: &str) -> Option<Owner> {
        Owner::of(&principal_of("https://a", subject, Some(client), ""))
    }

    /// A table with so many sessions of each.
    fn table(sessions: &[(&str, &str, usize)]) -> Table {
        let mut table = Table::default();
        for (subject, client, count) in sessions {
            for n in 0..*count {
                table.hold(&format!("{subject}/{client}/{n}"), owner(subject, client));
            }
        }
        table
    }

    fn judge(table: &mut Table, asking: &Option<Owner>, last_use: impl Fn(&str) -> Use) -> Judged {
        table.opening.push(asking.clone());
        let judged = table.judge(asking.as_ref(), &LIMITS, |_| true, table.held.len(), last_use);
        table.opening.pop();
        judged
    }

    fn closed(judged: &Judged) -> &str {
        match judged {
            Judged::Close(id) => id,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn j33_many_clients_of_one_subject_are_one_caller() {
        let mut many = table(&[("alice", "app", 5)]);
        for client in 0..9 {
            many.hold(&format!("mallory/{client}"), owner("mallory", &client.to_string()));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let judged = judge(&mut many, &owner("mallory", "one more"), |_| Use::Never);
        assert_eq!(closed(&judged), "mallory/0", "its own, the oldest");
        let judged = judge(&mut many, &owner("mallory", "one more"), |_| Use::Now);
        assert!(matches!(judged, Judged::Crowded(Crowded::Caller { key: "limits.caller_sessions", .. })));
    }

    #[test]
    fn j33_a_full_house_makes_room_at_the_cost_of_the_largest() {
        let mut full =
            table(&[("mallory", "a", 6), ("mallory", "b", 2), ("alice", "app", 5), ("bob", "app", 3)]);
        let judged = judge(&mut full, &owner("carol", "app"), |_| Use::Never);
        assert!(closed(&judged).starts_with("mallory/a/"), "of its largest client: {judged:?}");
        let judged = judge(&mut full, &owner("carol", "app"), |id| match id.starts_with("mallory/a") {
            true => Use::Now,
            false => Use::Never,
        });
        assert!(closed(&judged).starts_with("mallory/b/"), "those of the other are used: {judged:?}");
        let judged = judge(&mut full, &owner("carol", "app"), |id| match id.starts_with("mallory") {
            true => Use::At(Instant::now()),
            false => Use::Never,
        });
        assert!(closed(&judged).starts_with("alice/"), "the next largest: {judged:?}");
        let judged = judge(&mut full, &owner("carol", "app"), |_| Use::At(Instant::now()));
        assert_eq!(judged, Judged::Crowded(ALL_TAKEN), "all were used a moment ago");
        let judged = judge(&mut full, &owner("alice", "app"), |_| Use::Never);
        assert!(closed(&judged).starts_with("mallory/"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_used_in_the_last_seconds_stays() {
        let mut full = table(&[("mallory", "a", 8), ("alice", "app", 8)]);
        let used = Instant::now();
        assert_eq!(judge(&mut full, &owner("bob", "app"), |_| Use::At(used)), Judged::Crowded(ALL_TAKEN));
        tokio::time::advance(LATELY).await;
        assert!(matches!(judge(&mut full, &owner("bob", "app"), |_| Use::At(used)), Judged::Close(_)));
    }

    #[test]
    fn the_last_places_are_for_callers_who_have_none() {
        let mut nearly_full = table(&[("mallory", "a", 7), ("alice", "app", 7)]);
        let of_alice = judge(&mut nearly_full, &owner("alice", "app"), |_| Use::Now);
        assert_eq!(of_alice, Judged::Crowded(ALL_TAKEN));
        assert_eq!(judge(&mut nearly_full, &owner("bob", "app"), |_| Use::Now), Judged::Room);
    }

    #[test]
    fn j33_unverified_callers_go_without_where_they_have_their_few() {
        let mut table = Table::default();
        assert_eq!(judge(&mut table, &None, |_| Use::Never), Judged::Room);
        table.hold("one", None);
        table.hold("two", None);
        assert_eq!(judge(&mut table, &None, |_| Use::Never), Judged::Without);
    }

    #[test]
    fn within_one_subject_a_client_gets_its_part() {
        let limits = SessionLimits { caller: 100, ..LIMITS };
        let mut own = table(&[("alice", "many", 14), ("alice", "few", 1), ("bob", "app", 1)]);
        let few = owner("alice", "few");
        own.opening.push(few.clone());
        let judged = own.judge(few.as_ref(), &limits, |_| true, own.held.len(), |_| Use::Never);
        assert!(closed(&judged).starts_with("alice/many/"), "{judged:?}");
    }
}
