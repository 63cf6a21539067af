//! `request_uri`: a request that its client pushed before (RFC 9126 §4). A foreign one is refused like a request object, and never fetched.

use super::super::pushed::{Pushed, PushedRequest};
use super::super::refusal::{Refusal, Untrusted};
use crate::issuer::Issuer;
use crate::request::Params;

/// The request that `params` name, if they name one that was pushed here.
///
/// # Errors
/// [`Untrusted`]: told to the person alone, since it is not known where another answer could go.
pub(in super::super) async fn find(
    issuer: &Issuer,
    params: &Params,
) -> Result<Option<PushedRequest>, Refusal> {
    let Some(pushed) = params.get("request_uri").and_then(Pushed::named) else { return Ok(None) };
    if params.count("request_uri") > 1 {
        return Err(Untrusted::Repeated("request_uri").into());
    }
    if params.count("client_id") > 1 {
        return Err(Untrusted::Repeated("client_id").into());
    }
    let client_id = params.get("client_id").ok_or(Untrusted::NoClient)?;
    let kept = pushed.find(issuer, client_id).await?.ok_or(Untrusted::NotPushed)?;
    // What stands beside it counts for nothing (RFC 9101 §6.3); that it says something else is a mistake, or somebody's work.
    let differs = params.names().find(|name| *name != "request_uri" && params.get(name) != kept.get(name));
    match differs.or(params.repeated()) {
        Some(_) => Err(Untrusted::Beside.into()),
        None => Ok(Some(PushedRequest { pushed, params: kept })),
    }
}
