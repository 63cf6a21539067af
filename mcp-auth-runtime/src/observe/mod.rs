//! What operators see: `log` (where it goes), `audit` (one event per decision), `health` (for probes).

pub mod audit;
#[cfg(test)]
pub(crate) mod buffer;
pub mod health;
pub mod log;
