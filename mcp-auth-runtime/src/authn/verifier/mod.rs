//! How each kind of credential is verified. In reading order: `verify` (what a kind brings), `claims` (what a credential must
//! say), `api_key` (keys of the configuration), `program` (a kind of the program's own), `introspection` (opaque tokens, whose
//! issuers are asked), `jwt` (signed tokens of the configured issuers). A new kind is a new module here.

pub(crate) mod api_key;
pub(in crate::authn) mod claims;
pub(crate) mod introspection;
pub(crate) mod jwt;
mod program;
mod verify;

pub use program::{CredentialFacts, CredentialFuture, CredentialVerifier, RefusedCredential};
pub(crate) use program::{PROGRAM_ISSUER, ProgramVerifier};
pub(crate) use verify::{
    Asking, Basis, Foreseen, IssuerState, LoadFailure, Loading, Pace, Recheck, Verified, Verify, VerifyFuture,
};
