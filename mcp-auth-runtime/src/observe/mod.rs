//! What operators see: `log` (where it goes; `panics` among it, `queue` on the way), `placed` (as which request: its `request_id`),
//! `audit` (one event per decision; `undecided` is one that a method may still refuse),
//! `span` (around what is logged of a request, and around a developer's own events), `health` (for probes).

pub(crate) mod audit;
pub(crate) mod health;
pub(crate) mod log;
mod panics;
pub(crate) mod placed;
mod queue;
pub(crate) mod request_id;
pub(crate) mod span;
#[cfg(test)]
pub(crate) mod support;
pub(crate) mod undecided;
