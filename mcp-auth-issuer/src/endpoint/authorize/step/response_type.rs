//! `response_type`: `code` (OAuth 2.1 §4.1.1).

use super::super::refusal::Refused;
use crate::request::Params;

/// Whether a code is asked for.
pub(in super::super) fn verify(params: &Params) -> Result<(), Refused> {
    match params.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(Refused::ResponseType),
        None => Err(Refused::Missing("response_type")),
    }
}
