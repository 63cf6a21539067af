//! The issuer's signing key, in memory or kept in a file so that tokens outlive a restart, and what it signs.
//!
//! - `source`: where the key comes from; `file`: where it is kept and how that file is guarded.
//! - `signing_key`: signs, and shows its public half as a JWK.
//! - `access_token`: the claims of what is signed.
//! - `error`: what may go wrong.

mod access_token;
mod error;
mod file;
mod signing_key;
mod source;

pub use access_token::AccessTokenClaims;
pub use error::{KeyError, MintError};
pub use signing_key::SigningKey;
pub use source::KeySource;
