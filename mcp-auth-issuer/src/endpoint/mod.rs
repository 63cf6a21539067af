//! The endpoints, one file each, in the order a client uses them: `metadata` and `jwks`, `register`, `authorize`,
//! `token`, `revoke`. `path` says where each one is, `router` puts it there.

mod authorize;
mod jwks;
mod metadata;
mod path;
mod register;
mod revoke;
mod router;
mod token;

pub(crate) use router::router;
