//! Opaque tokens through the whole authenticator, with an issuer that answers as it is told.

mod answers;
mod bench;
mod crowds;
mod open;
mod whose;
