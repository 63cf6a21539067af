//! The memory backend, and its bounds.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::accounts::KnownAccounts;
use super::bounded::Bounded;
use super::confirmations::Asked;
use super::issued::Issued;
use super::upstream_grants::KeptGrants;
use crate::aggregate::{Configured, LastLogin};
use crate::{
    Backend, Browser, RevocationBoard, Revoked, SealingKey, SecretHash, SigningRing, Task, Transaction,
};

/// A [`Backend`] in memory. Over its [`Caps`] it forgets: of clients, the oldest that no person ever allowed anything
/// (anyone can register a client, but only a person can allow it something); of everything else, the entry that would
/// end first.
pub struct MemoryStore {
    pub(super) issued: Mutex<Issued>,
    pub(super) accounts: Mutex<KnownAccounts>,
    pub(super) browsers: Mutex<Bounded<SecretHash, Browser>>,
    /// By subject.
    pub(super) people: Mutex<Bounded<String, LastLogin>>,
    pub(super) sessions: Mutex<Bounded<String, StoredSession>>,
    pub(super) tasks: Mutex<Bounded<String, Task>>,
    pub(super) confirmations: Mutex<Bounded<SecretHash, Asked>>,
    pub(super) counters: Mutex<Bounded<String, ()>>,
    pub(super) spent: Mutex<Bounded<SecretHash, ()>>,
    /// By their kind. The code names the kinds, so they are few.
    pub(super) transactions: Mutex<HashMap<String, Bounded<SecretHash, Transaction>>>,
    pub(super) upstream_grants: Mutex<KeptGrants>,
    pub(super) board: RevocationBoard,
    /// The configuration names them, so they are few and need no bound.
    pub(super) configured: Mutex<HashMap<Revoked, Configured>>,
    /// One key for each purpose. The code names the purposes, so they are few and need no bound.
    pub(super) sealing_keys: Mutex<HashMap<String, SealingKey>>,
    pub(super) signing_keys: Mutex<Option<SigningRing>>,
}

/// The state from which a session can be restored, its owner, and the person whom that stands for.
pub(super) struct StoredSession {
    pub(super) state: String,
    pub(super) owner: Option<String>,
    pub(super) person: Option<String>,
}

/// The most entries of each kind, so that callers from outside cannot fill the memory. A cap of 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Registered clients; over it, the oldest one that no person ever allowed anything is removed. **(default:
    /// 1000)**
    pub clients: usize,
    /// Authorization codes; over it, the one that ends first is removed. **(default: 1000)**
    pub codes: usize,
    /// Grants that can be refreshed, people who logged in, and what providers gave for them; over it, what ends first is removed. **(default: 10000)**
    pub grants: usize,
    /// Browsers in which a person is logged in; over it, the one that ends first is removed. **(default: 1000)**
    pub browser_sessions: usize,
    /// MCP sessions that can be restored; over it, the one that ends first is removed. **(default: 10000)**
    pub sessions: usize,
    /// Tasks; over it, the one that ends first is removed and then treated as unknown. **(default: 65536)**
    pub tasks: usize,
    /// Calls that wait for their person; over it, the one that ends first is not confirmed. **(default: 1000)**
    pub confirmations: usize,
    /// Counters; over it, the one that would be free again first is reset. **(default: 65536)**
    pub counters: usize,
    /// What was used up; over it, what would be forgotten first counts again. **(default: 65536)**
    pub spent: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            clients: 1000,
            codes: 1000,
            grants: 10_000,
            browser_sessions: 1000,
            sessions: 10_000,
            tasks: 65_536,
            confirmations: 1000,
            counters: 65_536,
            spent: 65_536,
        }
    }
}

impl MemoryStore {
    /// An empty store with these bounds.
    pub fn new(caps: Caps) -> Self {
        Self {
            issued: Mutex::new(Issued::new(caps)),
            accounts: Mutex::default(),
            browsers: Mutex::new(Bounded::new(caps.browser_sessions)),
            people: Mutex::new(Bounded::new(caps.grants)),
            sessions: Mutex::new(Bounded::new(caps.sessions)),
            tasks: Mutex::new(Bounded::new(caps.tasks)),
            confirmations: Mutex::new(Bounded::new(caps.confirmations)),
            counters: Mutex::new(Bounded::new(caps.counters)),
            spent: Mutex::new(Bounded::new(caps.spent)),
            transactions: Mutex::default(),
            upstream_grants: Mutex::new(Bounded::new(caps.grants)),
            board: RevocationBoard::default(),
            configured: Mutex::default(),
            sealing_keys: Mutex::default(),
            signing_keys: Mutex::default(),
        }
    }
}

impl Backend for MemoryStore {
    fn lasts(&self) -> bool {
        false
    }
}

/// Locks the data that one step changes. A poisoned lock is still used, because no step can panic between two changes
/// that belong together.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
