//! Opaque tokens: their issuer is asked about each (RFC 7662, and services that are like it). In reading order: `verifier`
//! (the order of the checks), `rules` (who is asked, and how; `bounds`), `claimed` (which credentials are asked about, and at which
//! issuer), `source` (one issuer: each token asked about once at a time), `room` (never by too many at once), `endpoint` (where),
//! `request` (what is sent, with `client_auth` and `assertion` for who we are), `answer` (what came back, with `google` and
//! `github` for theirs), `judge` (what it must say), `error`.

mod answer;
mod assertion;
pub(crate) mod bounds;
mod claimed;
mod client_auth;
mod endpoint;
pub(in crate::authn) mod error;
mod github;
mod google;
mod judge;
mod request;
mod room;
mod rules;
mod source;
#[cfg(test)]
mod tests;
mod verifier;

pub(crate) use assertion::AssertionKey;
pub use assertion::InvalidKey;
pub(in crate::authn) use claimed::{Shape, shape};
pub use client_auth::ClientAuth;
pub(crate) use rules::both_could_be_asked;
pub use rules::{IntrospectionKind, IntrospectionRules, Reach};
pub use verifier::IntrospectionVerifier;
