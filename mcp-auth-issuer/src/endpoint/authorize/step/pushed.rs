//! `require_par` of the issuer, or of one client in the configuration, its registration or its description: where it is set, a request is
//! pushed first (RFC 9126 §5, §6).

use mcp_auth_store::Client;

use super::super::refusal::Refused;
use crate::issuer::Issuer;

/// Whether the request came the way that the operator, or the client itself, wants.
pub(in super::super) fn verify(issuer: &Issuer, client: &Client, is_pushed: bool) -> Result<(), Refused> {
    match (issuer.require_par || client.require_par) && !is_pushed {
        true => Err(Refused::NotPushed),
        false => Ok(()),
    }
}
