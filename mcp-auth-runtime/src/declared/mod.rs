//! What the macros declared. In reading order: `rule` (who may call an operation), `kind` (what an operation is), `registry`
//! (every operation of a server), `table` (all of it as JSON, written and read). How an operation is called is in `call`.

pub mod kind;
pub mod registry;
pub mod rule;
pub mod table;

pub use kind::Kind;
pub use rule::Rule;
