//! The client credentials grant (OAuth 2.1 §4.2): only for the confidential clients in the configuration. A client
//! that registered itself cannot use it, because no person would have allowed it anything.

use super::issued::{Issued, To};
use super::proof::Proven;
use super::scope;
use crate::endpoint::client_request::{Refusal, may_use, verify_resource};
use crate::issuer::{Grantee, Issuer};
use crate::request::Params;
use mcp_auth_store::{Client, GrantType};

/// The steps in their order.
pub(super) async fn issue(
    issuer: &Issuer,
    client: &Client,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    may_use(client, GrantType::ClientCredentials)?;
    verify_resource(issuer, params)?;
    let scopes = scope::within(issuer, params, &client.scopes)?;
    let binding = proven.use_up(issuer).await?;
    // RFC 9068 §2.2: without a resource owner, `sub` names the client.
    let access_token = issuer.access_token(&Grantee {
        subject: &client.id,
        client_id: &client.id,
        resource: issuer.resource.as_str(),
        scopes: &scopes,
        authentication: None,
        grant_id: None,
        binding: &binding,
    })?;
    let to = To::new("client_credentials", &client.id, &*client.id, None);
    Ok(Issued::new(issuer, access_token, None, &scopes, &binding, to))
}
