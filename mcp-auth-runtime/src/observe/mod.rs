//! What operators see: `log` (where it goes), `audit` (one event per decision), `health` (for probes).

pub(crate) mod audit;
pub(crate) mod health;
pub(crate) mod log;
mod queue;
#[cfg(test)]
pub(crate) mod support;
