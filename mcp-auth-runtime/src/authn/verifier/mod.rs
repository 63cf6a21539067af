//! How each kind of credential is verified. In reading order: `verify` (what a kind brings), `claims` (what a credential must say), `jwt` (signed tokens of
//! the configured issuers). A new kind is a new module here.

pub(in crate::authn) mod claims;
pub(crate) mod jwt;
mod verify;

pub(crate) use verify::{Basis, IssuerState, LoadFailure, Loading, Verified, Verify, VerifyFuture};
