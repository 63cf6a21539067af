//! CORS (the Fetch standard §3.2): lets pages of the allowed origins read what the server answers them.
//!
//! - The origins are those of [`super::origin`]; any other gets no `Access-Control-Allow-Origin`. It is always
//!   that one origin, never `*`, and `Access-Control-Allow-Credentials` is never sent: a token travels in
//!   `Authorization`, which a page sets itself, and cookies mean nothing here.
//! - Protected resource metadata follows the same list: a page that may not call the endpoint has no use for
//!   it, and on a developer's machine it would tell every site which servers run.
//! - A preflight is answered here; every other answer that passes, 401 and 403 included, is readable.
//!
//! tower-http's layer cannot mirror `Mcp-Param-*` alone and answers every OPTIONS as if it were a preflight.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::origin::AllowedOrigins;

/// The methods of the MCP endpoint over all protocol revisions, and of the issuer's.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE, OPTIONS");
/// What a page may read of an answer besides its body.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "WWW-Authenticate, Mcp-Session-Id, Mcp-Protocol-Version, Retry-After, DPoP-Nonce, X-Request-Id",
);
/// Request headers a page may set, besides those that begin with `mcp-`.
const REQUEST_HEADERS: [&str; 5] = ["authorization", "dpop", "content-type", "accept", "last-event-id"];
/// Said when the page asks for none in particular.
const ALL_REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, dpop, content-type, accept, last-event-id, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name",
);
/// Seconds a browser may remember a preflight; browsers cap it at two hours or less.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
/// One page sets few headers; a longer list is not mirrored.
const MOST_REQUEST_HEADERS: usize = 64;

/// Middleware: answers preflights, and adds what an allowed origin's page needs to every other answer.
///
/// Not for the authorization endpoint, which must not support CORS (RFC 9700 §2.6).
pub(crate) async fn answer(
    State(origins): State<Arc<AllowedOrigins>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = origins.allowed_one(request.headers()).cloned();
    let mut response = if is_preflight(&request) {
        preflight(origin.is_some(), request.headers())
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(is_allowed: bool, asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from(header::ACCESS_CONTROL_REQUEST_HEADERS));
    if is_allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers(asked));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    response
}

/// The headers that were asked for and may be set. `Mcp-Param-*` names come from a tool's schema, so they
/// cannot be listed beforehand, and `*` would not cover `Authorization`.
fn allowed_headers(asked: &HeaderMap) -> HeaderValue {
    let lists = asked.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let names = lists.iter().filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
    let allowed: Vec<String> = names
        .filter_map(|name| name.trim().parse::<HeaderName>().ok()) // in lower case from here on
        .filter(|name| name.as_str().starts_with("mcp-") || REQUEST_HEADERS.contains(&name.as_str()))
        .take(MOST_REQUEST_HEADERS)
        .map(|name| name.to_string())
        .collect();
    if allowed.is_empty() {
        return ALL_REQUEST_HEADERS;
    }
    HeaderValue::try_from(allowed.join(", ")).unwrap_or(ALL_REQUEST_HEADERS)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::any;
    use tower::ServiceExt;

    use super::super::before::Before;
    use super::super::origin::{self, OriginSettings};
    use super::super::routes;
    use super::*;

    const INSPECTOR: &str = "http://localhost:6274";

    /// In the order of the server: Origin, CORS, then an endpoint that wants a token.
    fn server() -> Router {
        let listen = "127.0.0.1:8080".parse().unwrap();
        let resource = &"http://localhost:8080/mcp".parse().unwrap();
        let settings = OriginSettings { resource, listen, extra: &[], setting: "cors.allowed_origins" };
        let origins = Arc::new(AllowedOrigins::new(&settings));
        let gate = any(|| async { (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]) });
        routes::exact("/mcp", gate)
            .layer(from_fn_with_state(Arc::clone(&origins), answer))
            .layer(Before(move |request: &Request| origin::check(&origins, request)))
    }

    async fn send(method: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri("/mcp");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        server().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    fn text<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn h19_a_preflight_of_an_allowed_origin_may_send_a_token_and_mcp_headers_only() {
        let asked =
            "authorization, DPoP, Content-Type,mcp-param-region, mcp-name, x-admin, x-request-id, cookie";
        let headers = [
            ("origin", INSPECTOR),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", asked),
        ];
        let response = send("OPTIONS", &headers).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(text(&response, "access-control-allow-origin"), Some(INSPECTOR));
        assert_eq!(text(&response, "access-control-allow-methods"), Some("GET, POST, DELETE, OPTIONS"));
        let allowed = text(&response, "access-control-allow-headers");
        assert_eq!(allowed, Some("authorization, dpop, content-type, mcp-param-region, mcp-name"));
        assert_eq!(text(&response, "access-control-allow-credentials"), None);
        let vary: Vec<_> = response.headers().get_all(header::VARY).iter().collect();
        assert_eq!(vary, ["access-control-request-headers", "Origin"]);
    }

    #[tokio::test]
    async fn h19_a_preflight_of_another_origin_gets_no_allow_origin() {
        for origin in ["http://evil.example", "null", "http://localhost.evil"] {
            let response =
                send("OPTIONS", &[("origin", origin), ("access-control-request-method", "POST")]).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{origin}");
            assert_eq!(text(&response, "access-control-allow-origin"), None, "{origin}");
            assert_eq!(text(&response, "access-control-allow-credentials"), None, "{origin}");
        }
    }

    #[tokio::test]
    async fn a_challenge_is_readable_by_the_page_it_is_for_and_by_no_other() {
        let response = send("POST", &[("origin", INSPECTOR)]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(text(&response, "access-control-allow-origin"), Some(INSPECTOR));
        let exposed = text(&response, "access-control-expose-headers").unwrap();
        for name in [
            "WWW-Authenticate",
            "Mcp-Session-Id",
            "Mcp-Protocol-Version",
            "Retry-After",
            "DPoP-Nonce",
            "X-Request-Id",
        ] {
            assert!(exposed.contains(name), "{name}");
        }
        let response = send("POST", &[]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(text(&response, "access-control-allow-origin"), None);
        assert_eq!(
            text(&response, "vary"),
            Some("Origin"),
            "a cache must not give one page's answer to another"
        );
    }

    #[tokio::test]
    async fn an_options_that_is_not_a_preflight_goes_to_the_endpoint() {
        for headers in [&[][..], &[("origin", INSPECTOR)], &[("access-control-request-method", "POST")]] {
            assert_eq!(send("OPTIONS", headers).await.status(), StatusCode::UNAUTHORIZED, "{headers:?}");
        }
    }

    #[tokio::test]
    async fn cors_alone_gives_another_origin_nothing() {
        let listen = "127.0.0.1:8080".parse().unwrap();
        let resource = &"http://localhost:8080/mcp".parse().unwrap();
        let settings = OriginSettings { resource, listen, extra: &[], setting: "cors.allowed_origins" };
        let origins = Arc::new(AllowedOrigins::new(&settings));
        let router = routes::exact("/d", any(|| async {})).layer(from_fn_with_state(origins, answer));
        for method in ["OPTIONS", "GET"] {
            let request = Request::builder().method(method).uri("/d").header("origin", "http://evil.example");
            let request = request.header("access-control-request-method", "GET").body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert!(response.status().is_success());
            let names = response.headers().keys().filter(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(names.count(), 0, "{method}");
        }
    }

    #[test]
    fn a_preflight_that_asks_for_nothing_special_hears_the_whole_list() {
        assert_eq!(allowed_headers(&HeaderMap::new()), ALL_REQUEST_HEADERS);
        let odd = HeaderMap::from_iter([(
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            HeaderValue::from_static("*, x y, ,"),
        )]);
        assert_eq!(allowed_headers(&odd), ALL_REQUEST_HEADERS);
    }
}
