//! Everything that can be wrong with a presented credential or with an issuer's keys, and whose fault it is. In reading order:
//! `presented` (why a caller could not be verified), `token` (why a credential was not accepted), `keys` (why an issuer's
//! documents could not be had).

mod keys;
mod presented;
mod token;

pub use keys::FetchError;
pub(crate) use keys::KeysError;
pub(in crate::authn) use keys::chain;
pub use presented::AuthnError;
pub(crate) use presented::{CredentialError, Fault};
pub use token::TokenError;
