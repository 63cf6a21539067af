//! Who is calling. In reading order: `bearer` (the Authorization header), `verifier` (the way of a token),
//! `jws` (its shape and header), `issuer` (whom we trust, and by which rules), `keys` (their keys, fetched
//! and kept fresh by `discovery`, `fetch`, `freshness` and `jwks`), `jwt` (the checks on its claims),
//! `cache` (verified tokens), `token` (the proof), `caller` (what a tool sees of it),
//! `owner` (whom sessions and tasks belong to). `error` says everything
//! that can be wrong, and whose fault it is. Nothing here knows of tools, or of HTTP statuses we answer.

mod algorithm;
pub mod bearer;
mod cache;
pub mod caller;
mod discovery;
pub mod error;
pub mod fetch;
mod freshness;
pub mod issuer;
mod jwks;
mod jws;
mod jwt;
mod keys;
pub mod owner;
mod strict_json;
pub mod token;
pub mod verifier;

#[cfg(test)]
mod fixtures;

pub use algorithm::{Algorithm, RefusedAlgorithm};
pub use bearer::Presented;
pub use cache::CacheBounds;
pub use caller::Caller;
pub use error::{Fault, FetchError, KeysError, TokenError};
pub use fetch::{Fetch, HttpFetch};
pub use issuer::{IssuerRules, KeyRefresh, KeySource, RulesError};
pub use owner::Owner;
pub use token::{Identity, VerifiedToken};
pub use verifier::{LoadFailure, Verifier};

#[cfg(test)]
pub(crate) use token::token_of;
