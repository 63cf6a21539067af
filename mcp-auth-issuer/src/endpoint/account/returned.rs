//! A person comes back from another page of the login, to their own page.

use std::net::IpAddr;

use axum::response::Response;
use http::HeaderMap;

use super::visit::login_step;
use crate::endpoint::page_not_shown::PageNotShown;
use crate::endpoint::returned::Returned;
use crate::issuer::Issuer;

/// Logs them in, and shows their page.
pub(crate) async fn returned(
    issuer: &Issuer,
    from: (&HeaderMap, Option<IpAddr>),
    returned: Returned<'_>,
) -> Result<Response, PageNotShown> {
    Ok(login_step().resume(issuer, from, returned).await?)
}
