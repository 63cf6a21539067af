//! Who may do what. In reading order: `scope` (one scope token, sets of them), `hierarchy`
//! (which scopes count for which), `requirement` (what an operation needs), `policy` (the decision: pure, no HTTP), `permit` (its proof).
//! Nothing here knows of HTTP.

pub mod hierarchy;
pub mod requirement;
pub mod scope;

pub use hierarchy::{Cycle, Hierarchy};
pub use requirement::Requirement;
pub use scope::{InvalidScope, Scope, ScopeSet};
