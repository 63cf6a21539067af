//! The issuer's signing key, in memory or kept in a file so that tokens outlive a restart, and what it signs.
//!
//! - `source`: where the key comes from; `file`: the file that holds it, and how that file is protected.
//! - `shared`: the one key of all processes on one store.
//! - `signing_key`: signs tokens, and gives its public half as a JWK.
//! - `access_token`: the claims of an access token.
//! - `verified`: access tokens that come back.
//! - `foreign`: what JWTs of others have to say.
//! - `error`: the possible errors.

mod access_token;
mod error;
mod file;
mod foreign;
mod shared;
mod signing_key;
mod source;
mod verified;

pub use access_token::{AccessTokenClaims, BoundKey};
pub use error::{KeyError, MintError};
pub(crate) use foreign::{ForeignClaims, InvalidClaim};
pub use signing_key::SigningKey;
pub use source::KeySource;
pub(crate) use verified::OwnToken;
