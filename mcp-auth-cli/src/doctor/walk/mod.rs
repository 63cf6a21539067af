//! Fetches what a client would fetch, in the same order, and passes it to the checks.

mod authenticated;
mod login;
mod resource_metadata;
mod steps;
mod unauthenticated;
mod visit;

pub(crate) use steps::walk;
pub(crate) use visit::Visit;
