//! The issuer's signing keys, in memory, a file or the store, and what they sign.
//!
//! - `source`: where the keys come from; `file`: the file that holds them, and how that file is protected;
//!   `drafts`: what a killed process left beside it.
//! - `ring`: the keys while the issuer runs; `published`: what the runtime sees of them.
//! - `algorithm`, `signing_key`: one key signs tokens, and gives its public half as a JWK.
//! - `access_token`: the claims of an access token.
//! - `verified`: access tokens that come back.
//! - `foreign`: what JWTs of others have to say.
//! - `error`: the possible errors.

mod access_token;
mod algorithm;
mod drafts;
mod error;
mod file;
mod foreign;
mod published;
mod ring;
mod signing_key;
mod source;
mod verified;

pub use access_token::{AccessTokenClaims, BoundKey};
pub use algorithm::{SigningAlgorithm, UnknownSigningAlgorithm};
pub use error::{KeyError, MintError};
pub(crate) use foreign::{ForeignClaims, InvalidClaim};
pub(crate) use published::PublishedKeys;
pub(crate) use ring::JWKS_MAX_AGE;
pub use ring::{KeyChange, KeyRing, ListedKey};
pub use signing_key::SigningKey;
pub use source::KeySource;
pub(crate) use verified::OurToken;
