//! Routes by exact path: no prefix, no trailing slash, no dot segments, no percent-encoded twin.

use std::future::ready;

use axum::Router;
use axum::routing::MethodRouter;

use crate::answer::Rejection;

/// A router that serves only `answer`, at `path`.
///
/// The path is taken as it is written, not as a pattern: `{` and `}` stand for themselves. Every method
/// reaches `answer` that it takes, so the MCP endpoint passes `axum::routing::any(gate)`, and the gate
/// decides about methods after it has decided about the caller.
///
/// # Panics
/// When `path` does not begin with `/`.
pub(crate) fn exact(path: &str, answer: MethodRouter) -> Router {
    let literal = path.replace('{', "{{").replace('}', "}}");
    Router::new().without_v07_checks().route(&literal, answer)
}

/// The same of several.
pub(crate) fn exact_all(answers: Vec<(String, MethodRouter)>) -> Router {
    let each = answers.into_iter().map(|(path, answer)| exact(&path, answer));
    each.fold(Router::new(), Router::merge)
}

/// Answers every other path with a 404 that names the MCP endpoint, whose path people mistype. Not for a router that is
/// part of another.
pub(crate) fn and_nothing_else(router: Router, path: &str) -> Router {
    let nothing = Rejection::NothingHere { path: path.to_owned() };
    router.fallback(move || ready(nothing.respond_early()))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::any;
    use http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::*;

    async fn status(path: &str, method: &str, target: &str) -> StatusCode {
        let router = exact(path, any(|| async { StatusCode::NO_CONTENT }));
        let request = Request::builder().method(method).uri(target).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn the_exact_path_is_served_for_every_method() {
        for method in ["GET", "POST", "DELETE", "PUT", "PATCH", "TRACE", "HEAD", "OPTIONS", "BREW"] {
            assert_eq!(status("/mcp", method, "/mcp").await, StatusCode::NO_CONTENT, "{method}");
        }
        assert_eq!(status("/mcp", "POST", "/mcp?a=b").await, StatusCode::NO_CONTENT);
        assert_eq!(status("/", "POST", "/").await, StatusCode::NO_CONTENT);
    }

    #[tokio::test]
    async fn every_other_spelling_is_not_found() {
        for target in
            ["/mcp/", "/mcp/x", "/mcp/../mcp", "//mcp", "/./mcp", "/%6dcp", "/MCP", "/mcp;a", "/mcpx", "/"]
        {
            assert_eq!(status("/mcp", "POST", target).await, StatusCode::NOT_FOUND, "{target}");
        }
    }

    #[tokio::test]
    async fn braces_and_colons_in_a_path_are_not_patterns() {
        assert_eq!(status("/:a/*b", "POST", "/:a/*b").await, StatusCode::NO_CONTENT);
        assert_eq!(status("/:a/*b", "POST", "/x/y").await, StatusCode::NOT_FOUND);
        assert_eq!(status("/{a}", "POST", "/x").await, StatusCode::NOT_FOUND);
    }
}
