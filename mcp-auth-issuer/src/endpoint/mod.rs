//! The endpoints, one file each, in the order a client meets them: `metadata` and `jwks`, `register`, `authorize`,
//! `token`, `revoke`. `router` says where each of them is.

mod authorize;
mod jwks;
mod metadata;
mod register;
mod revoke;
mod router;
mod token;

pub(crate) use router::router;
