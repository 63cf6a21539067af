//! `response_mode`: `query`, which is also the default for codes (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).

use super::super::refusal::Refused;
use crate::request::Params;

/// Whether the answer may be in the query.
pub(in super::super) fn verify(params: &Params) -> Result<(), Refused> {
    match params.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(Refused::ResponseMode),
    }
}
