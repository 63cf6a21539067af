//! A person comes back from another page of the login, to the page where they enter a code.

use std::net::IpAddr;

use axum::response::Response;
use http::HeaderMap;

use super::place::{Place, login_step};
use super::refusal::Refusal;
use crate::endpoint::returned::Returned;
use crate::issuer::Issuer;

/// Logs them in, and shows the page. No code is looked up.
pub(crate) async fn returned(
    issuer: &Issuer,
    from: (&HeaderMap, Option<IpAddr>),
    query: &str,
    returned: Returned<'_>,
) -> Result<Response, Refusal> {
    let url = Place::read(query)?.form().url();
    Ok(login_step(&url).resume(issuer, from, returned).await?)
}
