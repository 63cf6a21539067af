//! The store in this process: bounded, gone at exit.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_auth_core::ScopeSet;

use super::bounded::Bounded;
use super::{CodeGrant, Redemption, RefreshFamily, Rotation, Session, Store, StoreFuture};
use crate::client::Client;
use crate::options::Caps;
use crate::secret::SecretHash;

/// How long a code is remembered after it expired, so that a late replay still kills the tokens; seconds.
const REPLAY_MEMORY: u64 = 600;

/// A [`Store`] in memory. Over its [`Caps`] it forgets: of clients the oldest that nobody ever allowed (strangers
/// register, people allow), of everything else what would end first.
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

struct Inner {
    max_clients: usize,
    clients: HashMap<String, KnownClient>,
    /// Counts registrations and uses, to tell old from new within one second.
    tick: u64,
    codes: Bounded<SecretHash, KnownCode>,
    families: Bounded<String, RefreshFamily>,
    sessions: Bounded<SecretHash, Session>,
}

struct KnownClient {
    client: Client,
    last_used: u64,
    /// What each person ever allowed it. Empty: nobody did.
    allowed: BTreeMap<String, ScopeSet>,
}

struct KnownCode {
    grant: CodeGrant,
    used: bool,
    family: Option<String>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(caps: Caps) -> Self {
        Self {
            inner: Mutex::new(Inner {
                max_clients: caps.clients,
                clients: HashMap::new(),
                tick: 0,
                codes: Bounded::new(caps.codes_and_sessions),
                families: Bounded::new(caps.refresh_families),
                sessions: Bounded::new(caps.codes_and_sessions),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No method below can panic between two changes that belong together.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One atomic step: what `step` does under the lock.
macro_rules! step {
    ($store:ident, |$inner:ident| $step:expr) => {
        Box::pin(async move {
            let mut guard = $store.lock();
            let $inner = &mut *guard;
            Ok($step)
        })
    };
}

impl Store for MemoryStore {
    fn add_client(&self, client: Client) -> StoreFuture<'_, ()> {
        step!(self, |inner| inner.add_client(client))
    }

    fn client<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Client>> {
        step!(self, |inner| inner.clients.get(id).map(|known| known.client.clone()))
    }

    fn add_code(&self, code: SecretHash, grant: CodeGrant, now: u64) -> StoreFuture<'_, ()> {
        step!(self, |inner| inner.add_code(code, grant, now))
    }

    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet> {
        step!(self, |inner| {
            let known = inner.clients.get(client_id);
            known.and_then(|known| known.allowed.get(subject)).cloned().unwrap_or_default()
        })
    }

    fn code(&self, code: SecretHash) -> StoreFuture<'_, Option<CodeGrant>> {
        step!(self, |inner| inner.codes.get(&code).map(|known| known.grant.clone()))
    }

    fn redeem_code(
        &self,
        code: SecretHash,
        family: Option<RefreshFamily>,
        now: u64,
    ) -> StoreFuture<'_, Redemption> {
        step!(self, |inner| inner.redeem_code(code, family, now))
    }

    fn family<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<RefreshFamily>> {
        step!(self, |inner| inner.families.get(id).filter(|family| family.expires_at > now).cloned())
    }

    fn rotate_refresh<'a>(
        &'a self,
        id: &'a str,
        presented: SecretHash,
        next: SecretHash,
        expires_at: u64,
        now: u64,
    ) -> StoreFuture<'a, Rotation> {
        step!(self, |inner| inner.rotate_refresh(id, presented, next, expires_at, now))
    }

    fn revoke_family<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        step!(self, |inner| inner.families.remove(id))
    }

    fn begin_session(
        &self,
        before: Option<SecretHash>,
        id: SecretHash,
        session: Session,
        now: u64,
    ) -> StoreFuture<'_, ()> {
        step!(self, |inner| {
            if let Some(before) = before {
                inner.sessions.remove(&before);
            }
            let expires_at = session.expires_at;
            inner.sessions.insert(id, session, expires_at, now);
        })
    }

    fn session(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Session>> {
        step!(self, |inner| inner.sessions.get(&id).filter(|session| session.expires_at > now).cloned())
    }

    fn end_session(&self, id: SecretHash) -> StoreFuture<'_, ()> {
        step!(self, |inner| inner.sessions.remove(&id))
    }
}

impl Inner {
    fn add_client(&mut self, client: Client) {
        if self.clients.len() >= self.max_clients {
            let oldest = self.clients.iter().min_by_key(|(_, c)| (!c.allowed.is_empty(), c.last_used));
            if let Some(id) = oldest.map(|(id, _)| id.clone()) {
                self.clients.remove(&id);
            }
        }
        let known = KnownClient { client, last_used: self.next_tick(), allowed: BTreeMap::new() };
        self.clients.insert(known.client.id.clone(), known);
    }

    fn add_code(&mut self, code: SecretHash, grant: CodeGrant, now: u64) {
        let tick = self.next_tick();
        if let Some(known) = self.clients.get_mut(&grant.client_id) {
            known.last_used = tick;
            let allowed = known.allowed.entry(grant.subject.clone()).or_default();
            allowed.extend(grant.scopes.iter().cloned());
        }
        let forget_at = grant.expires_at.saturating_add(REPLAY_MEMORY);
        self.codes.insert(code, KnownCode { grant, used: false, family: None }, forget_at, now);
    }

    fn redeem_code(&mut self, code: SecretHash, family: Option<RefreshFamily>, now: u64) -> Redemption {
        let Some(known) = self.codes.get_mut(&code) else {
            return Redemption::Gone;
        };
        if known.used {
            if let Some(id) = &known.family {
                self.families.remove(id);
            }
            return Redemption::Replayed;
        }
        if known.grant.expires_at <= now {
            return Redemption::Gone;
        }
        known.used = true;
        known.family = family.as_ref().map(|family| family.id.clone());
        if let Some(family) = family {
            let expires_at = family.expires_at;
            self.families.insert(family.id.clone(), family, expires_at, now);
        }
        Redemption::First
    }

    fn rotate_refresh(
        &mut self,
        id: &str,
        presented: SecretHash,
        next: SecretHash,
        expires_at: u64,
        now: u64,
    ) -> Rotation {
        let Some(family) = self.families.get_mut(id).filter(|family| family.expires_at > now) else {
            return Rotation::Gone;
        };
        if family.current != presented {
            self.families.remove(id);
            return Rotation::Reused;
        }
        family.current = next;
        family.expires_at = expires_at;
        self.families.postpone(id, expires_at);
        Rotation::Rotated
    }

    fn next_tick(&mut self) -> u64 {
        self.tick += 1;
        self.tick
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::client::Grants;

    fn store(clients: usize) -> MemoryStore {
        MemoryStore::new(Caps { clients, ..Caps::default() })
    }

    fn client(id: &str) -> Client {
        Client {
            id: id.into(),
            name: None,
            redirect_uris: vec![],
            grants: Grants::AuthorizationCode { refresh: true },
            secret: None,
        }
    }

    fn code(client_id: &str, scope: &str, expires_at: u64) -> CodeGrant {
        CodeGrant {
            client_id: client_id.into(),
            subject: "developer".into(),
            redirect_uri: "http://localhost/cb".into(),
            code_challenge: "x".into(),
            resource: "http://localhost/mcp".into(),
            scopes: ScopeSet::parse_lossy(scope),
            expires_at,
        }
    }

    fn family(id: &str, current: &str) -> RefreshFamily {
        RefreshFamily {
            id: id.into(),
            client_id: "c".into(),
            subject: "developer".into(),
            resource: "http://localhost/mcp".into(),
            scopes: ScopeSet::new(),
            current: SecretHash::of(current),
            expires_at: 1000,
        }
    }

    #[tokio::test]
    async fn p28_flood_of_registrations_evicts_only_clients_nobody_allowed() {
        let store = store(3);
        store.add_client(client("used")).await.unwrap();
        store.add_code(SecretHash::of("k"), code("used", "a", 60), 0).await.unwrap();
        for n in 0..100 {
            store.add_client(client(&format!("flood{n}"))).await.unwrap();
        }
        assert!(store.client("used").await.unwrap().is_some());
        assert!(store.client("flood97").await.unwrap().is_none());
        assert!(store.client("flood99").await.unwrap().is_some());
        assert_eq!(store.lock().clients.len(), 3);
    }

    #[tokio::test]
    async fn what_a_person_allowed_adds_up_per_client() {
        let store = store(3);
        store.add_client(client("a")).await.unwrap();
        store.add_code(SecretHash::of("1"), code("a", "r", 60), 0).await.unwrap();
        store.add_code(SecretHash::of("2"), code("a", "w", 60), 0).await.unwrap();
        assert_eq!(store.allowed("developer", "a").await.unwrap().to_string(), "r w");
        assert!(store.allowed("somebody", "a").await.unwrap().is_empty());
        assert!(store.allowed("developer", "b").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn b6_code_is_used_once_and_its_replay_kills_the_family() {
        let store = store(3);
        let hash = SecretHash::of("code");
        store.add_code(hash, code("c", "", 60), 0).await.unwrap();
        assert_eq!(store.redeem_code(hash, Some(family("f", "s")), 59).await.unwrap(), Redemption::First);
        assert!(store.family("f", 59).await.unwrap().is_some());
        let late = 60 + REPLAY_MEMORY - 1;
        assert_eq!(
            store.redeem_code(hash, Some(family("g", "s")), late).await.unwrap(),
            Redemption::Replayed
        );
        assert!(store.family("f", 59).await.unwrap().is_none());
        assert!(store.family("g", 59).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn expired_code_is_gone() {
        let store = store(3);
        let hash = SecretHash::of("code");
        store.add_code(hash, code("c", "", 60), 0).await.unwrap();
        assert_eq!(store.redeem_code(hash, None, 60).await.unwrap(), Redemption::Gone);
    }

    #[tokio::test]
    async fn b7_old_refresh_token_kills_the_family() {
        let store = store(3);
        let (one, two, three) = (SecretHash::of("1"), SecretHash::of("2"), SecretHash::of("3"));
        store.add_code(SecretHash::of("code"), code("c", "", 60), 0).await.unwrap();
        store.redeem_code(SecretHash::of("code"), Some(family("f", "1")), 0).await.unwrap();
        assert_eq!(store.rotate_refresh("f", one, two, 2000, 999).await.unwrap(), Rotation::Rotated);
        assert!(store.family("f", 1999).await.unwrap().is_some(), "each use extends the family's life");
        assert_eq!(store.rotate_refresh("f", one, three, 2000, 999).await.unwrap(), Rotation::Reused);
        assert_eq!(store.rotate_refresh("f", two, three, 2000, 999).await.unwrap(), Rotation::Gone);
    }

    #[tokio::test]
    async fn expired_family_and_session_are_gone() {
        let store = store(3);
        store.add_code(SecretHash::of("code"), code("c", "", 60), 0).await.unwrap();
        store.redeem_code(SecretHash::of("code"), Some(family("f", "1")), 0).await.unwrap();
        assert!(store.family("f", 1000).await.unwrap().is_none());
        let (one, two) = (SecretHash::of("1"), SecretHash::of("2"));
        assert_eq!(store.rotate_refresh("f", one, two, 2000, 1000).await.unwrap(), Rotation::Gone);
        let session = Session { subject: "developer".into(), expires_at: 10 };
        store.begin_session(None, one, session.clone(), 0).await.unwrap();
        assert!(store.session(one, 9).await.unwrap().is_some());
        assert!(store.session(one, 10).await.unwrap().is_none());
        store.begin_session(Some(one), two, session, 0).await.unwrap();
        assert!(store.session(one, 9).await.unwrap().is_none(), "a new login ends the browser's old session");
        store.end_session(two).await.unwrap();
        assert!(store.session(two, 9).await.unwrap().is_none());
    }
}
