//! A person comes back from another page of the login, to confirm a call.

use std::net::IpAddr;

use axum::response::Response;
use http::HeaderMap;

use super::call::WaitingCall;
use super::post::logged_in;
use crate::endpoint::returned::Returned;
use crate::endpoint::waiting::NotAnswered;
use crate::issuer::Issuer;

/// Logs them in, and shows the call.
pub(crate) async fn returned(
    issuer: &Issuer,
    from: (&HeaderMap, Option<IpAddr>),
    query: &str,
    returned: Returned<'_>,
) -> Result<Response, NotAnswered> {
    let call = WaitingCall::read(issuer, query).await?;
    let cookie = returned.cookie;
    let answered = call.login_step().returned(issuer, from, returned).await?;
    logged_in(issuer, &call, (cookie, from.1), answered).await
}
