//! What operators see: `log` (where it goes; `panics` among it, `queue` on the way), `audit` (one event per decision),
//! `health` (for probes).

pub(crate) mod audit;
pub(crate) mod health;
pub(crate) mod log;
mod panics;
mod queue;
#[cfg(test)]
pub(crate) mod support;
