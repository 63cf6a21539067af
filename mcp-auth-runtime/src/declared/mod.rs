//! What the macros declared. In reading order: `rule` (who may call an operation), `kind` (what an operation is), `registry`
//! (every operation of a server), `narrowing` (what an operator adds), `schema` (what lists say of arguments and answers), `written_rule` (a rule as files write it), `table` (all of it as JSON, written
//! and read). How an operation is called is in `call`.

pub(crate) mod kind;
mod narrowing;
pub(crate) mod registry;
pub(crate) mod rule;
pub(crate) mod schema;
pub(crate) mod table;
mod written_rule;

pub use kind::Kind;
pub(crate) use narrowing::Narrowing;
pub use rule::{Rule, Who};
