//! `scope`: what the client asks for (OAuth 2.1 §3.2.2.1).

use mcp_auth_core::ScopeSet;

use super::super::refusal::Refused;
use crate::issuer::Issuer;
use crate::request::Params;

/// Declared scopes only; the default scopes if the request has none.
pub(in super::super) fn read(issuer: &Issuer, params: &Params) -> Result<ScopeSet, Refused> {
    let requested = issuer.scopes.requested(params.get("scope")).map_err(Refused::Scope)?;
    Ok(requested.unwrap_or_else(|| issuer.scopes.default().clone()))
}
