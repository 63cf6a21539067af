//! The audit of a message that runs a developer's method, which may still refuse it: one event, once the method has
//! answered.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use super::audit::Decision;
use super::placed::Arrival;
use crate::answer::refused_by::{LIMIT, PERSON};
use crate::authz::Permit;

/// How long a method may run before its call is audited as allowed: what goes on for long, or ends the process, is in
/// the log all the same.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

const UNSAID: u8 = 0;
const ALLOWED: u8 = 1;
const REFUSED: u8 = 2;
/// Its person has to confirm it first.
const ASKED: u8 = 3;

/// A message that policy allowed and that is not audited yet. It is audited when this is dropped at the latest, so that no way out
/// goes without an event: as allowed, or as refused if its person had to confirm it and did not.
#[derive(Debug)]
pub(crate) struct Undecided {
    permit: Permit,
    arrival: Arrival,
    said: AtomicU8,
}

impl Undecided {
    /// One that came like this. `None` where nothing records the audit.
    pub(crate) fn of(permit: &Permit, arrival: Arrival) -> Option<Arc<Self>> {
        let is_recorded = Decision::is_recorded(true) || Decision::is_recorded(false);
        is_recorded.then(|| Arc::new(Self { permit: permit.clone(), arrival, said: AtomicU8::new(UNSAID) }))
    }

    /// Audits it as allowed, unless it was audited before.
    pub(crate) fn allow(&self) {
        if self.turns(UNSAID, ALLOWED) && Decision::is_recorded(true) {
            self.record(None);
        }
    }

    /// Its person has to confirm it: until [`Undecided::confirmed`] it is not allowed, however it ends.
    pub(crate) fn asks_person(&self) {
        self.turns(UNSAID, ASKED);
    }

    /// Its person confirmed it.
    pub(crate) fn confirmed(&self) {
        self.turns(ASKED, UNSAID);
    }

    fn turns(&self, from: u8, to: u8) -> bool {
        self.said.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Audits it as refused by `whom`, for `reason`. One that took longer than [`PATIENCE`] was audited as allowed
    /// before.
    pub(crate) fn refuse(&self, whom: &'static str, reason: &dyn Display) {
        if self.said.swap(REFUSED, Ordering::Relaxed) != REFUSED && Decision::is_recorded(false) {
            self.record(Some((whom, reason)));
        }
    }

    /// Audits that it was stopped, for `reason`: it was allowed, and took too long.
    pub(crate) fn stop(&self, reason: &dyn Display) {
        self.allow();
        self.decision(Some((LIMIT, reason))).record_stop();
    }

    fn record(&self, refusal: Option<(&'static str, &dyn Display)>) {
        self.decision(refusal).record();
    }

    fn decision<'a>(&'a self, refusal: Option<(&'static str, &'a dyn Display)>) -> Decision<'a> {
        let (refused_by, refusal) = refusal.unzip();
        let permit = &self.permit;
        let (message, identity) = (Some(permit.message()), Some(permit.identity()));
        Decision {
            message,
            identity,
            arrival: self.arrival,
            needed: permit.need(),
            refusal,
            refused_by,
            hint: None,
        }
    }
}

impl Drop for Undecided {
    fn drop(&mut self) {
        if *self.said.get_mut() == ASKED {
            self.refuse(PERSON, &"it ended before its person confirmed it");
        }
        self.allow();
    }
}
