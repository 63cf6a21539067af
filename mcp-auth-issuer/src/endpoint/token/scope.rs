//! The scopes of a token request (OAuth 2.1 §3.2.2.1): those that it asks for, or all that it may have, and never more.

use mcp_auth_core::ScopeSet;

use super::Refusal;
use crate::client::scopes::first_missing;
use crate::issuer::Issuer;
use crate::request::Params;

/// The scopes that `params` ask for, all of which `granted` has; those of `granted` that are declared where none is asked for.
///
/// # Errors
/// [`Refusal::Scope`], [`Refusal::ScopeNotGranted`].
pub(super) fn within(issuer: &Issuer, params: &Params, granted: &ScopeSet) -> Result<ScopeSet, Refusal> {
    let requested = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)?;
    let scopes = requested.unwrap_or_else(|| issuer.scopes.known_of(granted));
    match first_missing(&scopes, granted) {
        Some(scope) => Err(Refusal::ScopeNotGranted(scope.clone())),
        None => Ok(scopes),
    }
}
