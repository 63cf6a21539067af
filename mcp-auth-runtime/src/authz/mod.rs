//! Who may do what. In reading order: `scope` (one scope token, sets of them, what implies what),
//! `requirement` (what an operation needs), `policy` (the decision: pure, no HTTP), `permit` (its proof).
//! Nothing here knows of HTTP.

pub mod requirement;
pub mod scope;

pub use requirement::Requirement;
pub use scope::{InvalidScope, Scope, ScopeSet};
