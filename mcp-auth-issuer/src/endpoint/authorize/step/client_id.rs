//! `client_id`: which client asks (OAuth 2.1 §4.1.1).

use std::net::IpAddr;

use mcp_auth_store::Client;

use super::super::refusal::{Refusal, Untrusted};
use crate::endpoint::path::AUTHORIZE;
use crate::issuer::{ClientError, Issuer};
use crate::request::Params;

/// The client that `params` name, for a request that comes from `address`.
///
/// # Errors
/// [`Untrusted`]: told to the person alone, since nobody else is known yet.
pub(in super::super) async fn find(
    issuer: &Issuer,
    params: &Params,
    address: Option<IpAddr>,
) -> Result<Client, Refusal> {
    if params.count("client_id") > 1 {
        return Err(Untrusted::Repeated("client_id").into());
    }
    let id = params.get("client_id").ok_or(Untrusted::NoClient)?;
    match issuer.client_from(address, id).await {
        Ok(client) => Ok(client.ok_or(Untrusted::UnknownClient)?),
        Err(ClientError::Document(why)) => {
            let page = format!("{AUTHORIZE}?{}", params.canonical());
            Err(Untrusted::Document { client_id: id.to_owned(), why, page }.into())
        }
        Err(ClientError::Store(error)) => Err(error.into()),
    }
}
