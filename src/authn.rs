//! How issuers' metadata and keys are fetched, for whoever brings an HTTP client of their own:
//! [`ServerBuilder::fetch`](crate::ServerBuilder::fetch). And the [`Algorithm`]s a configuration may name.

pub use mcp_auth_runtime::authn::fetch::{FetchFuture, Fetched};
pub use mcp_auth_runtime::authn::{Algorithm, Fetch, FetchError, HttpFetch};
