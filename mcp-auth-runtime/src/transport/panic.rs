//! A panic in a handler ends only that request, with a 500 that gives no detail.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use axum::response::Response;
use futures_util::FutureExt;

use crate::answer::Rejection;

/// Runs `answer`; a panic becomes a 500 without detail. The panic hook has already told the log.
pub(crate) async fn guard(answer: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(response) => response,
        Err(_payload) => {
            tracing::error!("a handler panicked; its request was answered 500");
            Rejection::Internal.respond_early()
        }
    }
}
