//! Who may do what. In reading order: `scope` (one scope token, sets of them), `hierarchy` (which scopes count
//! for which), `rule` (what an operation needs), `policy` (the decision: pure), `permit` (its proof),
//! `tasks` (which caller a task belongs to). Nothing here knows of HTTP.

pub mod permit;
pub mod policy;
pub mod tasks;

pub use permit::Permit;
pub use policy::{Connect, Denied, Policy, Visibility};
