//! The endpoints, one file each, in the order a client uses them: `metadata` and `jwks`, `register`, `authorize`,
//! `token`, `revoke`. `router` has the path of each one.

mod authorize;
mod jwks;
mod metadata;
mod register;
mod revoke;
mod router;
mod token;

pub(crate) use router::router;
