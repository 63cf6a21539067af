//! No parameter comes twice (OAuth 2.1 §3.1).

use super::super::refusal::Refused;
use crate::request::Params;

/// Whether each parameter comes once.
pub(in super::super) fn verify(params: &Params) -> Result<(), Refused> {
    params.repeated().map_or(Ok(()), |name| Err(Refused::Repeated(name.to_owned())))
}
