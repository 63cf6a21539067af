//! Fetches what a client would fetch, in the same order, and passes it to the checks.

mod found;
mod login;
mod openings;
mod visit;
mod way;

pub(crate) use visit::Visit;
pub(crate) use way::walk;
