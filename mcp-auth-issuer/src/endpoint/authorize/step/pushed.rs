//! `require_par`, of the issuer or of one client: where it is set, a request is pushed first (RFC 9126 §5, §6).

use mcp_auth_store::Client;

use super::super::refusal::Refused;
use crate::issuer::Issuer;

/// Whether the request came the way that the operator wants.
pub(in super::super) fn verify(issuer: &Issuer, client: &Client, is_pushed: bool) -> Result<(), Refused> {
    let has_to = issuer.require_par.of_all || issuer.require_par.of_clients.contains(&client.id);
    match has_to && !is_pushed {
        true => Err(Refused::NotPushed),
        false => Ok(()),
    }
}
