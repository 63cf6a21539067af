//! The scopes of a token request (OAuth 2.1 §3.2.2.1): those that it asks for, or all that it may have, and never more.

use mcp_auth_core::ScopeSet;

use crate::endpoint::client_request::Refusal;
use crate::issuer::Issuer;
use crate::request::Params;

/// The scopes that `params` ask for, all of which `granted` has, itself or by one that implies it; those of `granted` that are declared where
/// none is asked for.
///
/// # Errors
/// [`Refusal::Scope`], [`Refusal::ScopeNotGranted`].
pub(super) fn within(issuer: &Issuer, params: &Params, granted: &ScopeSet) -> Result<ScopeSet, Refusal> {
    let held = issuer.scopes.known_of(granted);
    let Some(asked) = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)? else {
        return Ok(held);
    };
    let missing = asked.iter().find(|scope| !issuer.scopes.covers(&held, scope)).cloned();
    missing.map_or(Ok(asked), |missing| Err(Refusal::ScopeNotGranted(missing)))
}
