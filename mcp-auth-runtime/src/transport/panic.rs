//! A panic in a handler ends only that request, with a 500 that gives no detail.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;

use crate::answer::Rejection;

/// Middleware: [`guard`] around the rest of the way. The listener guards by itself; a router nested into
/// another application's server needs this.
pub(crate) async fn catch(request: Request, next: Next) -> Response {
    guard(next.run(request)).await
}

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
