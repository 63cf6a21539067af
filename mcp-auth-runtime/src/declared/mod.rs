//! What the macros declared. In reading order: `rule` (who may call an operation), `kind` (what an operation is), `registry`
//! (every operation of a server), `handler` (what `#[server]` implements: the operations and how each is called), `build`
//! (what the expansion of the macros calls), `table` (all of it as JSON, written and read).

#[doc(hidden)]
pub mod build;
pub mod handler;
pub mod kind;
pub mod registry;
pub mod rule;
pub mod table;

pub use kind::Kind;
pub use rule::Rule;
