//! A person comes back from another page of the login, for an authorization request.

use std::net::IpAddr;

use axum::response::Response;
use http::HeaderMap;

use super::refusal::Refusal;
use super::request::AuthorizationRequest;
use crate::endpoint::returned::Returned;
use crate::issuer::Issuer;

/// Logs them in, and shows the page of the request again.
pub(crate) async fn returned(
    issuer: &Issuer,
    from: (&HeaderMap, Option<IpAddr>),
    query: &str,
    returned: Returned<'_>,
) -> Result<Response, Refusal> {
    // It is verified again, as by each of its forms: the client may be gone by now.
    let request = AuthorizationRequest::read(issuer, query, from.1).await?;
    let resumed = request.login_step().resume(issuer, from, returned).await;
    resumed.map_err(|error| Refusal::from(error).about(&request.client))
}
