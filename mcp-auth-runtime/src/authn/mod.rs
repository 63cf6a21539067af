//! Who is calling. In reading order: `credential` (what a request presents), `authenticator` (the way of a
//! credential), `verifier` (one implementation of [`Verify`] for each kind of credential), `binding` (what a
//! credential is bound to, checked against each request), `cache` (credentials that were verified a moment ago),
//! `principal` (who it is, as everything after this folder knows it), `identity` (a principal, or anonymous),
//! `local` (the caller of a stdio server without a credential), `caller` (what a tool sees), `opaque_key` (how
//! callers are told apart), `fetch` (how documents of issuers are fetched). `error` says everything that can be wrong, and
//! whose fault it is. Nothing here knows of tools, or of HTTP statuses we answer.

mod authenticator;
mod binding;
mod cache;
pub mod caller;
pub mod credential;
pub mod error;
pub mod fetch;
mod identity;
pub(crate) mod local;
mod opaque_key;
mod principal;
pub mod verifier;

#[cfg(test)]
pub(crate) mod tests;

pub use authenticator::Authenticator;
pub use binding::Confirmation;
pub use cache::CacheBounds;
pub use caller::Caller;
pub use credential::Credential;
pub use error::{AuthnError, CredentialError, Fault, FetchError, KeysError, TokenError};
pub use fetch::{Fetch, HttpFetch};
pub use identity::Identity;
pub use principal::{Facts, Held, Principal, Via};
pub use verifier::jwt::{Algorithm, IssuerRules, JwtVerifier, KeyRefresh, KeySource, RefusedAlgorithm};
pub use verifier::{LoadFailure, Verify};

pub(crate) use opaque_key::opaque_key;

#[cfg(test)]
pub(crate) use tests::principals::{holder, principal_of};
