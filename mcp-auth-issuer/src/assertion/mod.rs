//! Assertions of other issuers, which stand for a grant (RFC 7521, RFC 7523 §2.1). Each issuer has one profile.
//!
//! - `options`: what the operator says of an issuer.
//! - `trusted`: the issuers that are trusted, and whose an assertion is.
//! - `id_jag`: an identity provider says which person a client acts for.
//! - `workload`: a platform says which program it runs.
//! - `subject`: what a person of another issuer is called here.
//! - `kind`: which JWTs are not assertions of a profile.

mod id_jag;
mod kind;
mod options;
mod subject;
mod trusted;
mod workload;

pub(crate) use id_jag::IdJag;
pub(crate) use kind::NotOfProfile;
pub(crate) use options::check_all;
pub use options::{AssertionOptions, AssertionProfile, InvalidAssertions, Workload};
pub(crate) use subject::is_of;
pub(crate) use trusted::{Trusted, TrustedIssuer};
