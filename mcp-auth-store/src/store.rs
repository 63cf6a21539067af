//! The handle that a server passes around, and what stands behind it.

use std::fmt;
use std::sync::Arc;

use crate::aggregate::{
    BrowserSessions, Clients, Codes, Consents, Counters, Grants, SealingKeys, Sessions, Tasks,
};
use crate::memory::{Caps, MemoryStore};

/// Everything that has all aggregates.
pub trait Backend:
    Clients + Codes + Grants + Consents + BrowserSessions + Sessions + Tasks + Counters + SealingKeys
{
    /// Whether other processes, and this one after a restart, find what is kept here.
    fn lasts(&self) -> bool;
}

/// A store, whatever it is made of. Cloning shares it.
///
/// All aggregates are one backend's, since some steps touch two: redeeming a code keeps a grant.
#[derive(Clone)]
pub struct Store(Arc<dyn Backend>);

impl Store {
    /// A store of this backend.
    pub fn new(backend: impl Backend + 'static) -> Self {
        Self(Arc::new(backend))
    }

    /// A store in this process: bounded by `caps`, gone at exit.
    pub fn memory(caps: Caps) -> Self {
        Self::new(MemoryStore::new(caps))
    }

    /// Whether other processes, and this one after a restart, find what is kept here.
    pub fn lasts(&self) -> bool {
        self.0.lasts()
    }

    /// Clients that registered themselves.
    pub fn clients(&self) -> &dyn Clients {
        &*self.0
    }

    /// Authorization codes.
    pub fn codes(&self) -> &dyn Codes {
        &*self.0
    }

    /// Grants that can be refreshed.
    pub fn grants(&self) -> &dyn Grants {
        &*self.0
    }

    /// What people ever allowed.
    pub fn consents(&self) -> &dyn Consents {
        &*self.0
    }

    /// Browsers in which a person is logged in.
    pub fn browser_sessions(&self) -> &dyn BrowserSessions {
        &*self.0
    }

    /// MCP sessions (revisions before 2026-07-28).
    pub fn sessions(&self) -> &dyn Sessions {
        &*self.0
    }

    /// Whose a task is.
    pub fn tasks(&self) -> &dyn Tasks {
        &*self.0
    }

    /// How often something happened.
    pub fn counters(&self) -> &dyn Counters {
        &*self.0
    }

    /// Keys by which this server knows its own texts again.
    pub fn sealing_keys(&self) -> &dyn SealingKeys {
        &*self.0
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("lasts", &self.lasts()).finish_non_exhaustive()
    }
}
