//! The official conformance suite against `examples/conformance`: each revision, without tokens and with them, and against its built-in issuer.
//!
//! What each scenario has to come to stands in `interop/conformance.json`, so that one that is no longer run is noticed like
//! one that fails. A check that fails is red unless the exceptions there name the scenario, a reason and where it was reported.

mod authorization;
mod check;
mod results;

pub(crate) use check::check;
