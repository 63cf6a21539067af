//! `/healthz` (the process answers) and `/readyz` (send it traffic): no token, no `Host` check, tiny bodies.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};

/// Always 200 while the process answers.
pub const HEALTHZ: &str = "/healthz";
/// 200 when the server can do its work, else 503.
pub const READYZ: &str = "/readyz";

/// The two routes. `ready` is asked on every request to [`READYZ`]; it should be false while keys are not
/// loaded and once the server is stopping.
pub(crate) fn router(ready: impl Fn() -> bool + Clone + Send + Sync + 'static) -> Router {
    Router::new()
        .route(HEALTHZ, get(|| async { plain(StatusCode::OK, "ok\n") }))
        .route(READYZ, get(move || async move { readiness(ready()) }))
}

/// Whether this path is one of the two, and so needs no `Host` that we know: probes name an address.
pub(crate) fn is_health_path(path: &str) -> bool {
    path == HEALTHZ || path == READYZ
}

fn readiness(ready: bool) -> Response {
    if ready {
        plain(StatusCode::OK, "ready\n")
    } else {
        plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], text).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::body::Body;
    use http::{Method, Request};
    use tower::ServiceExt;

    use super::*;

    async fn status(router: &Router, method: Method, path: &str) -> StatusCode {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn readyz_follows_readiness_and_healthz_does_not() {
        let is_ready = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&is_ready);
        let router = router(move || asked.load(Ordering::Relaxed));
        assert_eq!(status(&router, Method::GET, READYZ).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(&router, Method::GET, HEALTHZ).await, StatusCode::OK);
        is_ready.store(true, Ordering::Relaxed);
        assert_eq!(status(&router, Method::GET, READYZ).await, StatusCode::OK);
        assert_eq!(status(&router, Method::HEAD, READYZ).await, StatusCode::OK);
    }

    #[tokio::test]
    async fn health_is_read_only_and_exact() {
        let router = router(|| true);
        assert_eq!(status(&router, Method::POST, HEALTHZ).await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(status(&router, Method::GET, "/healthz/").await, StatusCode::NOT_FOUND);
        assert!(is_health_path(HEALTHZ) && is_health_path(READYZ));
        assert!(!is_health_path("/healthz/") && !is_health_path("/mcp"));
    }
}
