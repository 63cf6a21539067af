//! `redirect_uri`: where the answer goes (OAuth 2.1 §4.1.1, RFC 9700 §2.1).

use mcp_auth_store::Client;

use super::super::refusal::Untrusted;
use crate::client::redirect_uri::admits;
use crate::issuer::Issuer;
use crate::request::Params;

/// The redirect URI as the client sent it, or the only registered one if it sent none.
///
/// # Errors
/// [`Untrusted`]: told to the person alone, since the address may be anybody's.
pub(in super::super) fn verify(
    issuer: &Issuer,
    client: &Client,
    params: &Params,
) -> Result<String, Untrusted> {
    if params.count("redirect_uri") > 1 {
        return Err(Untrusted::Repeated("redirect_uri"));
    }
    match (params.get("redirect_uri"), client.redirect_uris.as_slice()) {
        (Some(presented), registered) if registered.iter().any(|uri| admits(uri, presented)) => {
            Ok(presented.to_owned())
        }
        (Some(presented), _) => Err(Untrusted::RedirectUri { presented: presented.to_owned() }),
        // A client that describes itself may list another one by the time that the code is sent.
        (None, [only]) if !issuer.describes_itself(&client.id) => Ok(only.clone()),
        (None, _) => Err(Untrusted::NoRedirectUri),
    }
}
