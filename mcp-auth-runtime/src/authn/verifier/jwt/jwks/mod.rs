//! A JWK Set (RFC 7517 §5). In reading order: `set` (which of its keys are used), `one` (a key
//! that is not of a set), `roca` (keys of a kind that must not
//! be).

mod one;
mod roca;
mod set;
#[cfg(test)]
mod tests;

pub(in crate::authn) use one::verifier_of;
pub use set::has_private_member;
pub(super) use set::{KeySet, Outcome};
