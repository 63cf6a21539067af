//! What the macros declared. In reading order: `rule` (who may call an operation), `registry` (every operation of a
//! server), `handler` (what `#[server]` implements: the operations and how each is called), `build` (what the expansion of the
//! macros calls).

#[doc(hidden)]
pub mod build;
pub mod handler;
pub mod registry;
pub mod rule;

pub use rule::Rule;
