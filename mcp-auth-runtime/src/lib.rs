//! The runtime of mcp-auth, in the order a request walks it: `config` -> `serve` -> `transport` -> `authn`
//! (or a challenge) -> `authz` -> `dispatch`. Users depend on the facade crate `mcp-auth`; the interface of this
//! crate is not stable.

pub mod answer;
pub mod authn;
pub mod authz;
pub mod call;
pub mod config;
pub mod declared;
pub mod dispatch;
pub mod envelope;
pub mod error;
pub(crate) mod gate;
pub mod observe;
mod owned;
pub mod serve;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;

#[doc(hidden)]
pub use {http, rmcp, schemars, serde, serde_json, tokio_util, url};
