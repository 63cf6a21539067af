//! The runtime of mcp-auth, in the order a request walks it: `config` -> `serve` -> `transport` -> `authn`
//! (or a challenge) -> `authz` -> `dispatch`. Users depend on the facade crate `mcp-auth`; the interface of this
//! crate is not stable.

mod answer;
mod authn;
mod authz;
mod call;
pub mod config;
mod declared;
mod dispatch;
mod envelope;
mod error;
#[doc(hidden)]
pub mod facade;
mod gate;
mod observe;
mod owned;
mod page;
mod serve;
#[doc(hidden)]
pub mod testing;
mod transport;

#[doc(hidden)]
pub use {http, rmcp, schemars, serde, serde_json, tokio_util, tracing, url};
