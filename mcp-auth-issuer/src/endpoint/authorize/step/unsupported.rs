//! Request objects, by value or reference (RFC 9101), and OpenID's `registration` and `claims`: refused, and never fetched.

use super::super::refusal::Refused;
use crate::request::Params;

/// The parameters, each with the error code for it (OpenID Connect Core 1.0 §3.1.2.6).
const UNSUPPORTED: [(&str, &str); 4] = [
    ("request", "request_not_supported"),
    ("request_uri", "request_uri_not_supported"),
    ("registration", "registration_not_supported"),
    ("claims", "invalid_request"),
];

/// Whether there is none of them.
pub(in super::super) fn verify(params: &Params) -> Result<(), Refused> {
    match UNSUPPORTED.into_iter().find(|(name, _)| params.count(name) > 0) {
        Some((name, code)) => Err(Refused::Unsupported { name, code }),
        None => Ok(()),
    }
}
