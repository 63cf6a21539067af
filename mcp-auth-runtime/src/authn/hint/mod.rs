//! What a refusal most often means at one identity provider: a sentence for the log, never for the client. In reading order:
//! `hint` (a sentence, and the sign by which its refusal is known), `aud` (which values of `aud` a sign means), `pattern` (how issuer
//! identifiers look), `glimpse` (what can be seen of a refused credential), `hints` (whose sentence a refusal gets).
//!
//! The sentences are fixed: none holds anything of a credential.

mod aud;
mod glimpse;
#[allow(clippy::module_inception, reason = "the folder is about one type")]
mod hint;
mod hints;
mod pattern;
#[cfg(test)]
mod tests;

pub(crate) use aud::Aud;
pub(crate) use hint::{Hint, Sign};
pub(crate) use hints::{Hinted, Hints};
pub(crate) use pattern::looks_like;
