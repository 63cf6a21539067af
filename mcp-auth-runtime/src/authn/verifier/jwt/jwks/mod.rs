//! A JWK Set (RFC 7517 §5). In reading order: `set` (which of its keys are used), `roca` (keys of a kind that must not
//! be).

mod roca;
mod set;
#[cfg(test)]
mod tests;

pub(super) use set::{KeySet, Outcome};
