//! Signed tokens of the configured issuers (RFC 7519, RFC 9068). In reading order: `verifier` (the order of the
//! checks), `jws` (shape and header), `issuer` (whom we trust, and by which rules), `bounds` (ranges and defaults), `algorithm`, `keys` (an issuer's
//! keys, fetched and kept fresh by `discovery`, `freshness` and `jwks`), `claims` (the checks on the claims).

mod algorithm;
pub(crate) mod bounds;
mod claims;
mod discovery;
mod freshness;
pub(crate) mod issuer;
mod jwks;
mod jws;
mod keys;
pub(in crate::authn) mod verifier;

pub use algorithm::Algorithm;
pub(crate) use algorithm::RefusedAlgorithm;
pub(crate) use issuer::KeyRefresh;
pub use issuer::{IssuerRules, KeySource};
pub use verifier::JwtVerifier;
