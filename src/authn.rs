//! How issuers' metadata and keys are fetched, for programs that bring their own HTTP client:
//! [`ServerBuilder::fetch`](crate::ServerBuilder::fetch). And the [`Algorithm`]s a configuration may name.

pub use mcp_auth_runtime::facade::{
    Algorithm, Fetch, FetchError, FetchFuture, FetchRequest, Fetched, HttpFetch,
};
