//! A message that was allowed, and met a store that is down: its answer says so by its status too, where it is not a stream.

use axum::body::{Body, HttpBody as _, to_bytes};
use http::Response;
use mcp_auth_core::Era;
use rmcp::ErrorData;
use serde::Deserialize;

use super::forward::is_event_stream;
use crate::answer::{Rejection, say_when, status_of_error};
use crate::owned::is_unavailable;

/// The longest answer that is looked at, in bytes: an error and the id of its request.
const LONGEST: usize = 4096;

/// An error as rmcp writes it.
#[derive(Deserialize)]
struct Failed {
    error: ErrorData,
}

/// `response` of rmcp to a message of 2026-07-28. rmcp knows no status for it.
pub(super) async fn told(response: Response<Body>) -> Response<Body> {
    let is_short = response.body().size_hint().exact().is_some_and(|bytes| bytes <= LONGEST as u64);
    if !response.status().is_success() || is_event_stream(&response) || !is_short {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST).await else {
        return Rejection::Internal.respond_early();
    };
    if let Ok(Failed { error }) = serde_json::from_slice(&bytes)
        && is_unavailable(&error)
    {
        parts.status = status_of_error(&error, Era::Stateless);
    }
    let mut response = Response::from_parts(parts, Body::from(bytes));
    say_when(&mut response);
    response
}
