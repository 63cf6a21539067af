//! `/healthz` (the process answers) and `/readyz` (send it traffic): no token, no `Host` check, tiny bodies.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::authn::IssuerState;

/// Always 200 while the process answers.
pub const HEALTHZ: &str = "/healthz";
/// 200 when the server can do its work, else 503; its body says which issuers' keys are missing.
pub const READYZ: &str = "/readyz";

/// Of several issuers, how many must have keys for the server to be ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// One, of those whose keys are fetched: its callers are served, those of the others get 503.
    Any,
    /// Every one.
    All,
}

/// What [`READYZ`] answers, to anyone: nothing but names that the server's metadata has for everyone too, and times. Why
/// keys are missing is for the log.
///
/// `{"ready":true,"missing":[{"issuer":"https://b.example","since":"2026-11-28T09:00:00Z"}]}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Readiness {
    ready: bool,
    #[serde(skip_serializing_if = "is_false")]
    stopping: bool,
    /// The issuers whose tokens are answered 503, and since when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Missing>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Missing {
    issuer: Arc<str>,
    /// RFC 3339, in UTC.
    since: String,
}

impl Readiness {
    /// An issuer in this process, whose keys are there from the start, does not count where others are trusted too.
    pub(crate) fn of(issuers: Vec<IssuerState>, demand: Demand, stopping: bool) -> Self {
        let mut counting = issuers.iter().filter(|issuer| issuer.is_fetched).peekable();
        let has_keys = |issuer: &IssuerState| issuer.missing_since.is_none();
        let has_enough = match demand {
            _ if counting.peek().is_none() => issuers.iter().all(has_keys),
            Demand::Any => counting.any(has_keys),
            Demand::All => counting.all(has_keys),
        };
        let missing = issuers.into_iter().filter_map(|IssuerState { issuer, missing_since, .. }| {
            let since = UNIX_EPOCH + Duration::from_secs(missing_since?);
            Some(Missing { issuer, since: humantime::format_rfc3339_seconds(since).to_string() })
        });
        Self { ready: has_enough && !stopping, stopping, missing: missing.collect() }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// The two routes. `readiness` is asked on every request to [`READYZ`].
pub(crate) fn router(readiness: impl Fn() -> Readiness + Clone + Send + Sync + 'static) -> Router {
    Router::new()
        .route(HEALTHZ, get(|| async { uncached(StatusCode::OK, "ok\n") }))
        .route(READYZ, get(move || async move { answer(readiness()) }))
}

/// Whether this path is one of the two, and so needs no `Host` that we know: probes name an address.
pub(crate) fn is_health_path(path: &str) -> bool {
    path == HEALTHZ || path == READYZ
}

fn answer(readiness: Readiness) -> Response {
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    uncached(status, Json(readiness))
}

fn uncached(status: StatusCode, body: impl IntoResponse) -> Response {
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], body).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::body::Body;
    use http::{Method, Request};
    use tower::ServiceExt;

    use super::*;

    fn state(issuer: &str, is_fetched: bool, missing_since: Option<u64>) -> IssuerState {
        IssuerState { issuer: issuer.into(), is_fetched, missing_since }
    }

    fn all_is_well() -> Readiness {
        Readiness::of(Vec::new(), Demand::All, false)
    }

    async fn status(router: &Router, method: Method, path: &str) -> StatusCode {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn readyz_follows_readiness_and_healthz_does_not() {
        let is_ready = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&is_ready);
        let router = router(move || {
            let missing = if asked.load(Ordering::Relaxed) { None } else { Some(0) };
            Readiness::of(vec![state("https://a.example", true, missing)], Demand::Any, false)
        });
        assert_eq!(status(&router, Method::GET, READYZ).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(&router, Method::GET, HEALTHZ).await, StatusCode::OK);
        is_ready.store(true, Ordering::Relaxed);
        assert_eq!(status(&router, Method::GET, READYZ).await, StatusCode::OK);
        assert_eq!(status(&router, Method::HEAD, READYZ).await, StatusCode::OK);
    }

    #[test]
    fn k21_of_several_issuers_one_with_keys_is_enough_unless_all_are_demanded() {
        let up = |is_fetched| state("https://up.example", is_fetched, None);
        let down = state("https://down.example", true, Some(1_800_000_000));
        let local = state("http://127.0.0.1:8080", false, None);
        for (issuers, any, all) in [
            (vec![], true, true),
            (vec![up(true)], true, true),
            (vec![down.clone()], false, false),
            (vec![up(true), down.clone()], true, false),
            (vec![down.clone(), down.clone()], false, false),
            // The issuer in this process counts alone only.
            (vec![local.clone(), down.clone()], false, false),
            (vec![local.clone(), up(true), down.clone()], true, false),
            (vec![local.clone()], true, true),
        ] {
            let ready = |demand, stopping| Readiness::of(issuers.clone(), demand, stopping).ready;
            assert_eq!((ready(Demand::Any, false), ready(Demand::All, false)), (any, all), "{issuers:?}");
            assert!(!ready(Demand::Any, true) && !ready(Demand::All, true), "it is stopping");
        }
    }

    #[test]
    fn k21_readiness_names_who_is_missing_and_since_when_and_nothing_else() {
        let issuers = vec![
            state("https://up.example", true, None),
            state("https://down.example", true, Some(1_800_000_000)),
        ];
        let said = |issuers, stopping| {
            serde_json::to_string(&Readiness::of(issuers, Demand::Any, stopping)).unwrap()
        };
        assert_eq!(
            said(issuers, false),
            r#"{"ready":true,"missing":[{"issuer":"https://down.example","since":"2027-01-15T08:00:00Z"}]}"#
        );
        assert_eq!(said(vec![], false), r#"{"ready":true}"#);
        assert_eq!(said(vec![], true), r#"{"ready":false,"stopping":true}"#);
    }

    #[tokio::test]
    async fn health_is_read_only_and_exact() {
        let router = router(all_is_well);
        assert_eq!(status(&router, Method::POST, HEALTHZ).await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(status(&router, Method::GET, "/healthz/").await, StatusCode::NOT_FOUND);
        assert!(is_health_path(HEALTHZ) && is_health_path(READYZ));
        assert!(!is_health_path("/healthz/") && !is_health_path("/mcp"));
    }
}
