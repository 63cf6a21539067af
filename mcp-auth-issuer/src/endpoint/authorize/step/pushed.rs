//! `issuer.require_par`: where it is set, a request is pushed first (RFC 9126 §5).

use super::super::refusal::Refused;
use crate::issuer::Issuer;

/// Whether the request came the way that the operator wants.
pub(in super::super) fn verify(issuer: &Issuer, is_pushed: bool) -> Result<(), Refused> {
    match issuer.require_par && !is_pushed {
        true => Err(Refused::NotPushed),
        false => Ok(()),
    }
}
