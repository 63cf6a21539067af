//! What operators see: `log` (where it goes), `audit` (one event per decision), `health` (for probes).

pub mod audit;
#[cfg(test)]
mod buffer;
#[cfg(feature = "http")]
pub mod health;
pub mod log;
