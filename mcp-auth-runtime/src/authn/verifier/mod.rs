//! How each kind of credential is verified. In reading order: `verify` (what a kind brings), `claims` (what a credential must say), `api_key` (keys
//! of the configuration), `jwt` (signed tokens of the configured issuers). A new kind is a new module here.

pub(crate) mod api_key;
pub(in crate::authn) mod claims;
pub(crate) mod jwt;
mod verify;

pub(crate) use verify::{Basis, IssuerState, LoadFailure, Loading, Verified, Verify, VerifyFuture};
