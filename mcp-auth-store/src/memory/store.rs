//! The backend, and its bounds.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bounded::Bounded;
use super::issued::Issued;
use crate::{Backend, Browser, SealingKey, SecretHash, Task};

/// A [`Backend`] in memory. Over its [`Caps`] it forgets: of clients the oldest that nobody ever allowed (strangers
/// register, people allow), of everything else what would end first.
pub struct MemoryStore {
    pub(super) issued: Mutex<Issued>,
    pub(super) browsers: Mutex<Bounded<SecretHash, Browser>>,
    pub(super) sessions: Mutex<Bounded<String, StoredSession>>,
    pub(super) tasks: Mutex<Bounded<String, Task>>,
    pub(super) counters: Mutex<Bounded<String, ()>>,
    /// A few, by purposes that the code names: they need no bound.
    pub(super) sealing_keys: Mutex<HashMap<String, SealingKey>>,
}

/// What restores a session, and whose it is.
pub(super) struct StoredSession {
    pub(super) state: String,
    pub(super) owner: Option<String>,
}

/// How much is kept, so that strangers cannot fill the memory. A cap of 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Registered clients; over it, the oldest one that nobody ever allowed goes. **(default: 1000)**
    pub clients: usize,
    /// Authorization codes; over it, the one that ends first goes. **(default: 1000)**
    pub codes: usize,
    /// Grants that can be refreshed; over it, the one that ends first goes. **(default: 10000)**
    pub grants: usize,
    /// Browsers in which a person is logged in; over it, the one that ends first goes. **(default: 1000)**
    pub browser_sessions: usize,
    /// MCP sessions that can be restored; over it, the one that ends first goes. **(default: 10000)**
    pub sessions: usize,
    /// Tasks; over it, the one that ends first goes, and answers like an unknown one. **(default: 65536)**
    pub tasks: usize,
    /// Counters; over it, the one that is free again first starts anew. **(default: 65536)**
    pub counters: usize,
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
            counters: 65_536,
        }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new(caps: Caps) -> Self {
        Self {
            issued: Mutex::new(Issued::new(caps)),
            browsers: Mutex::new(Bounded::new(caps.browser_sessions)),
            sessions: Mutex::new(Bounded::new(caps.sessions)),
            tasks: Mutex::new(Bounded::new(caps.tasks)),
            counters: Mutex::new(Bounded::new(caps.counters)),
            sealing_keys: Mutex::default(),
        }
    }
}

impl Backend for MemoryStore {
    fn lasts(&self) -> bool {
        false
    }
}

/// Locks what one step changes. A panic elsewhere leaves nothing half done: no step can panic between two changes
/// that belong together.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
