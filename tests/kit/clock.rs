//! A clock that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mcp_auth::ambient::{Ambient, Clock, SystemClock};

/// The system's clock, or one that stands still, and how far a test moved it ahead. Its clones are one.
#[derive(Debug, Clone)]
pub struct MovedClock {
    /// Unix seconds at which it stands; `None` for the system's time.
    stands_at: Option<u64>,
    ahead: Arc<AtomicU64>,
}

impl MovedClock {
    /// The system's clock, not moved yet.
    pub fn system() -> Self {
        Self { stands_at: None, ahead: Arc::default() }
    }

    /// One that stands at this time, in Unix seconds.
    pub fn at(now: u64) -> Self {
        Self { stands_at: Some(now), ahead: Arc::default() }
    }

    /// Moves it on.
    pub fn advance(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Puts it this far ahead of where it began, forward or back.
    pub fn put_ahead(&self, seconds: u64) {
        self.ahead.store(seconds, Ordering::SeqCst);
    }

    /// What a server takes: this clock, and the system's randomness.
    pub fn ambient(&self) -> Ambient {
        Ambient { clock: Arc::new(self.clone()), ..Ambient::system() }
    }
}

impl Clock for MovedClock {
    fn unix_now(&self) -> u64 {
        let now = self.stands_at.unwrap_or_else(|| SystemClock.unix_now());
        now + self.ahead.load(Ordering::SeqCst)
    }
}
