//! What operators see: `log` (where it goes), `audit` (one event per decision), `health` (for probes).

pub mod audit;
pub mod health;
pub mod log;
#[cfg(test)]
pub(crate) mod support;
