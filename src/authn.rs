//! Who is calling, and how that is found out: the [`Actor`] of a [`Caller`](crate::Caller); a [`CredentialVerifier`] for a kind
//! of credential that is your program's own ([`ServerBuilder::verifier`](crate::ServerBuilder::verifier)); how issuers'
//! metadata and keys are fetched, for programs that bring their own HTTP client
//! ([`ServerBuilder::fetch`](crate::ServerBuilder::fetch)); the [`Algorithm`]s a configuration may name.

pub use mcp_auth_runtime::facade::{
    Actor, Algorithm, CredentialFacts, CredentialFuture, CredentialVerifier, Fetch, FetchError, FetchFuture,
    FetchRequest, Fetched, HttpFetch, RefusedCredential,
};
