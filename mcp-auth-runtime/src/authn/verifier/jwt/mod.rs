//! Signed tokens of the configured issuers (RFC 7519, RFC 9068). In reading order: `verifier` (the order of the
//! checks), `jws` (shape and header), `issuer` (whom we trust, and by which rules), `accepted` (what `iss` may say), `bounds` (ranges and defaults), `algorithm`, `keys` (an issuer's
//! keys, fetched and kept fresh by `discovery`, `freshness` and `jwks`; `own_keys`: those of an issuer in this process), `published` (an issuer's
//! metadata, for those who ask us for it), `examine` (everything that is wrong with a token, for those who explain it),
//! `foreign` (JWTs that are not access tokens, for the built-in issuer), `asserted` (an issuer of such JWTs, with its keys).

mod algorithm;
mod asserted;
pub(crate) mod bounds;
pub(super) mod discovery;
mod examine;
mod foreign;
mod freshness;
pub(crate) mod issuer;
mod jwks;
mod jws;
mod keys;
mod own_keys;
mod published;
pub(in crate::authn) mod verifier;

pub use algorithm::Algorithm;
pub(crate) use algorithm::RefusedAlgorithm;
pub use asserted::{Assertion, AssertionIssuer, NotAsserted};
pub use examine::{Examined, examine};
pub use foreign::{InvalidKeys, MalformedJwt, PublicKeys, SignatureError, UnverifiedJwt, VerifiedJwt};
pub use freshness::freshness_lifetime;
pub(crate) use issuer::A_YEAR;
pub use issuer::{IssuerRules, KeyRefresh, KeySource};
pub use jwks::has_private_member;
pub(in crate::authn) use jwks::verifier_of;
pub(in crate::authn) use jws::{Parts as JwsParts, REFUSED as SIGNATURE_MISREAD};
pub use own_keys::{KnownKeys, OwnKeys, ReadingKeys};
pub use published::{IssuerMetadata, Unpublished};
pub use verifier::{JwtVerifier, JwtVerifierError};
