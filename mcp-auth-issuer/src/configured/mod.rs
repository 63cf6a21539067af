//! The options that `[issuer]` and `[upstreams]` of `mcp.toml` set. Only this folder reads the runtime's configuration: the facade and the
//! `mcp-auth` command both need it, and this crate is the highest one below both.
//!
//! - `options`: the section as a whole. `error`: why something of it cannot be read.
//! - `clients`: its clients, and who may register one. `assertions`: whose assertions are trusted.
//! - `login`: how people log in; `upstreams`: at which provider.

mod assertions;
mod clients;
mod error;
mod login;
mod options;
mod upstreams;

pub use error::ConfiguredError;
