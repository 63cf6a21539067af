//! `resource`: this server (RFC 8707 §2). Absent means the same, since clients of 2025-03-26 send none.

use super::super::refusal::Refused;
use crate::issuer::Issuer;
use crate::request::Params;

/// Whether the token is to be for this server.
pub(in super::super) fn verify(issuer: &Issuer, params: &Params) -> Result<(), Refused> {
    match (params.count("resource"), params.get("resource")) {
        (0, _) => Ok(()),
        (1, Some(resource)) if issuer.resource.is_named_by(resource) => Ok(()),
        _ => Err(Refused::Resource { ours: Box::new(issuer.resource.clone()) }),
    }
}
