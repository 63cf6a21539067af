//! Passkeys (Web Authentication Level 3): whether an authenticator's answer proves what it has to. Nothing here asks a store, a clock or the
//! network.
//!
//! - `relying_party`: who we are to an authenticator. `challenge`: what an answer has to sign, good for one page of one browser.
//! - `answer`: what our script puts into a form.
//! - `registration` (§7.1): a new passkey. `assertion` (§7.2): the use of one.
//! - `client_data`, `authenticator_data`, `attestation`, `cose_key`, `cbor`: what both are made of.
//! - `options`: what a browser is asked for.
//! - `error`: why an answer is refused.
//!
//! It is narrow: ES256 and EdDSA, no attestation by certificates, no answers from frames of other sites.

mod answer;
mod assertion;
mod attestation;
mod authenticator_data;
mod cbor;
mod challenge;
mod client_data;
mod cose_key;
mod error;
mod options;
mod registration;
mod relying_party;
#[cfg(test)]
mod testing;

pub(super) use answer::{Assertion, NewPasskey};
pub(super) use assertion::verify_assertion;
pub(super) use challenge::{Challenges, new_challenge};
pub(super) use client_data::Expected;
pub(super) use error::PasskeyError;
pub(crate) use options::{creation_options, request_options};
pub(super) use registration::verify_registration;
pub(crate) use relying_party::RelyingParty;
