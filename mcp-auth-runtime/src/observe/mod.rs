//! What operators see: `log` (where it goes), `audit` (one event per decision), `health`.

pub mod audit;
