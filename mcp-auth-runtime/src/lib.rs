//! The runtime of mcp-auth, in the order a request walks it: `config` -> `serve` -> `transport` -> `authn`
//! (or a challenge) -> `authz` -> `dispatch`. Users depend on the facade crate `mcp-auth`; nothing here is
//! a stable interface of its own.

pub mod ambient;
pub mod authn;
pub mod authz;
pub mod call;
pub mod config;
pub mod handler;
pub mod local_issuer;
#[cfg(feature = "http")]
pub mod metadata;
pub mod observe;
pub mod registry;
pub mod transport;
