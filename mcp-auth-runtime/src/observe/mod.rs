//! What operators see: `log` (where it goes; `panics` among it, `queue` on the way), `audit` (one event per decision; `undecided` is one
//! that a method may still refuse),
//! `span` (around a developer's own events), `health` (for probes).

pub(crate) mod audit;
pub(crate) mod health;
pub(crate) mod log;
mod panics;
mod queue;
pub(crate) mod span;
#[cfg(test)]
pub(crate) mod support;
pub(crate) mod undecided;
