//! The checks, in the order in which doctor makes them: each is a function of the fetched answers, and sends no
//! request.

pub(crate) mod call;
pub(crate) mod capabilities;
pub(crate) mod challenge;
pub(crate) mod clock;
pub(crate) mod cors;
pub(crate) mod https;
pub(crate) mod issuer;
pub(crate) mod jwks;
pub(crate) mod metadata;
pub(crate) mod protocol;
pub(crate) mod reachability;
pub(crate) mod resource;
pub(crate) mod said;
mod strings;
pub(crate) mod token;
pub(crate) mod unauthenticated;

pub(crate) use strings::strings;
