//! Which client may use which grant type.

use mcp_auth_store::{Client, GrantType};

use super::Refusal;
use crate::issuer::Issuer;

/// Whether this grant type is one of the client's (RFC 6749 §5.2, RFC 7591 §2).
///
/// # Errors
/// [`Refusal::UnauthorizedClient`].
pub(crate) fn may_use(client: &Client, grant_type: GrantType) -> Result<(), Refusal> {
    match client.may(grant_type) {
        true => Ok(()),
        false => Err(Refusal::UnauthorizedClient),
    }
}

/// The same of a grant in which the client itself is trusted: only one that the operator named, and that authenticates. One that registered
/// itself is not trusted with the rights of others, whatever it registered.
///
/// # Errors
/// [`Refusal::UnauthorizedClient`].
pub(crate) fn is_trusted_with(
    issuer: &Issuer,
    client: &Client,
    grant_type: GrantType,
) -> Result<(), Refusal> {
    may_use(client, grant_type)?;
    match client.is_public() || !issuer.is_named(&client.id) {
        true => Err(Refusal::UnauthorizedClient),
        false => Ok(()),
    }
}
