//! Protected resource metadata (RFC 9728): where a client that was answered 401 finds out whom to ask for a
//! token, and for which scopes.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderValue, header};
use serde::Serialize;

use crate::transport::routes;
use mcp_auth_core::ScopeSet;

/// The registered well-known path (RFC 9728 §3).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What a server says of itself, unauthenticated and the same for everybody.
///
/// - Shape: RFC 9728 §2; members without a value are left out (§3.2).
/// - Nothing in it comes from a request: `Host` and forwarded headers have no part in it.
///
/// # Example
/// ```
/// use mcp_auth_core::ScopeSet;
/// use mcp_auth_runtime::metadata::ProtectedResourceMetadata;
///
/// let scopes = ScopeSet::parse_lossy("todos.read todos.write");
/// let issuers = vec!["https://tenant.eu.auth0.com/".to_owned()];
/// let metadata = ProtectedResourceMetadata::new("https://todos.example.com/mcp", issuers, &scopes);
/// let json = serde_json::to_value(&metadata).unwrap();
/// assert_eq!(json["resource"], "https://todos.example.com/mcp");
/// assert_eq!(json["scopes_supported"], serde_json::json!(["todos.read", "todos.write"]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProtectedResourceMetadata {
    resource: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    /// The server's name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// URL of what a developer reads about the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
    /// URL of what the server says about using its data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_policy_uri: Option<String>,
    /// URL of the terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_tos_uri: Option<String>,
}

impl ProtectedResourceMetadata {
    /// The metadata of `resource`, whose tokens come from `authorization_servers`.
    ///
    /// `resource` and the issuers are said byte for byte as given: clients compare them with what they know.
    /// `offline_access` is a matter between client and issuer and is left out of the scopes (MCP
    /// authorization, scope selection).
    pub fn new(resource: &str, authorization_servers: Vec<String>, scopes: &ScopeSet) -> Self {
        let scopes = scopes.iter().map(|scope| scope.as_str()).filter(|scope| *scope != "offline_access");
        Self {
            resource: resource.to_owned(),
            authorization_servers,
            scopes_supported: scopes.map(str::to_owned).collect(),
            bearer_methods_supported: ["header"],
            resource_name: None,
            resource_documentation: None,
            resource_policy_uri: None,
            resource_tos_uri: None,
        }
    }

    /// The routes that serve this document: the form with the resource's path appended and the one at the
    /// root, GET and HEAD only.
    ///
    /// # Errors
    /// [`InvalidResource`] when the resource identifier has no well-known form.
    pub fn router(&self) -> Result<Router, InvalidResource> {
        let place = WellKnown::of(&self.resource)?;
        let document = match serde_json::to_vec(self) {
            Ok(document) => Bytes::from(document),
            Err(_) => return Err(InvalidResource(self.resource.clone())), // strings serialise; not reachable
        };
        let serve = || {
            let document = document.clone();
            get(move || async move { (document_headers(), document).into_response() })
        };
        let mut router = routes::exact(WELL_KNOWN, serve());
        if place.path != WELL_KNOWN {
            router = router.merge(routes::exact(&place.path, serve()));
        }
        Ok(router)
    }
}

fn document_headers() -> [(header::HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        // Long enough that a crowd of clients costs nothing, short enough that a new scope is soon known.
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]
}

/// A resource identifier that has no well-known form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a resource identifier: expected an absolute http or https URL with a host and without user information or fragment (RFC 9728 §1.2)"
)]
pub struct InvalidResource(pub String);

/// Where a resource's metadata is found (RFC 9728 §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WellKnown {
    /// The path to serve, with the resource's own path appended: `/.well-known/oauth-protected-resource/mcp`.
    pub path: String,
    /// The absolute URL, for `resource_metadata` in a challenge (RFC 9728 §5.1).
    pub url: String,
}

impl WellKnown {
    /// The place that follows from the resource identifier and nothing else.
    ///
    /// The well-known path goes between the host and the rest, and a path of just `/` is dropped first.
    ///
    /// # Errors
    /// [`InvalidResource`].
    ///
    /// # Example
    /// ```
    /// use mcp_auth_runtime::metadata::WellKnown;
    ///
    /// let place = WellKnown::of("https://todos.example.com/mcp").unwrap();
    /// assert_eq!(place.url, "https://todos.example.com/.well-known/oauth-protected-resource/mcp");
    /// ```
    pub fn of(resource: &str) -> Result<Self, InvalidResource> {
        let invalid = || InvalidResource(resource.to_owned());
        let parsed = url::Url::parse(resource).map_err(|_| invalid())?;
        let is_http = matches!(parsed.scheme(), "http" | "https");
        if !is_http || resource.contains(['#', '@', '\\']) || resource.contains(|c: char| c <= ' ') {
            return Err(invalid());
        }
        let (scheme, rest) = resource.split_once("://").ok_or_else(invalid)?;
        let end_of_host = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end_of_host);
        if authority.is_empty() {
            return Err(invalid());
        }
        let (path, query) = tail.split_at(tail.find('?').unwrap_or(tail.len()));
        let path = format!("{WELL_KNOWN}{}", if path == "/" { "" } else { path });
        let url = format!("{scheme}://{authority}{path}{query}");
        Ok(Self { path, url })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::{Body, to_bytes};
    use axum::response::Response;
    use http::{Method, Request, StatusCode};
    use tower::ServiceExt;

    use super::*;

    const RESOURCE: &str = "https://Todos.example.com:443/mcp";

    fn metadata() -> ProtectedResourceMetadata {
        let scopes = ScopeSet::parse_lossy("todos.write offline_access todos.read");
        ProtectedResourceMetadata::new(
            RESOURCE,
            vec!["https://a.example".into(), "https://b.example/".into()],
            &scopes,
        )
    }

    async fn send(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        metadata().router().unwrap().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn body(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), 10_000).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a1_the_document_is_served_at_both_forms() {
        for path in [WELL_KNOWN, "/.well-known/oauth-protected-resource/mcp"] {
            let response = send(Method::GET, path, &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=300");
            assert_eq!(
                body(response).await,
                r#"{"resource":"https://Todos.example.com:443/mcp","authorization_servers":["https://a.example","https://b.example/"],"scopes_supported":["todos.read","todos.write"],"bearer_methods_supported":["header"]}"#
            );
        }
    }

    #[tokio::test]
    async fn a2_h12_nothing_a_client_sends_changes_a_byte() {
        let plain = body(send(Method::GET, WELL_KNOWN, &[]).await).await;
        let headers = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-uri", "/evil"),
            ("forwarded", "host=evil.example;proto=http"),
        ];
        assert_eq!(body(send(Method::GET, WELL_KNOWN, &headers).await).await, plain);
        assert_eq!(
            body(send(Method::GET, &format!("{WELL_KNOWN}?resource=evil"), &headers).await).await,
            plain
        );
    }

    #[tokio::test]
    async fn a3_every_other_path_is_not_found() {
        for suffix in ["/", "/mcp/", "/mcp/x", "/other", "/mcp/../mcp", "//mcp"] {
            let response = send(Method::GET, &format!("{WELL_KNOWN}{suffix}"), &[]).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{suffix}");
        }
    }

    #[tokio::test]
    async fn the_document_is_read_only() {
        assert_eq!(send(Method::HEAD, WELL_KNOWN, &[]).await.status(), StatusCode::OK);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let response = send(method.clone(), WELL_KNOWN, &[]).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
            assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
        }
    }

    #[test]
    fn a5_offline_access_is_never_a_scope_of_ours_and_an_empty_list_is_left_out() {
        assert!(!serde_json::to_string(&metadata()).unwrap().contains("offline_access"));
        let only_offline = ScopeSet::parse_lossy("offline_access");
        let none = ProtectedResourceMetadata::new(RESOURCE, vec![], &only_offline);
        let expected = format!(r#"{{"resource":"{RESOURCE}","bearer_methods_supported":["header"]}}"#);
        assert_eq!(serde_json::to_string(&none).unwrap(), expected);
    }

    #[test]
    fn what_is_said_for_people_is_served_under_its_registered_name() {
        let mut metadata = metadata();
        metadata.resource_name = Some("Todos".into());
        metadata.resource_documentation = Some("https://d.example".into());
        metadata.resource_policy_uri = Some("https://p.example".into());
        metadata.resource_tos_uri = Some("https://t.example".into());
        let json = serde_json::to_value(metadata).unwrap();
        assert_eq!(json["resource_name"], "Todos");
        assert_eq!(json["resource_documentation"], "https://d.example");
        assert_eq!(json["resource_policy_uri"], "https://p.example");
        assert_eq!(json["resource_tos_uri"], "https://t.example");
    }

    #[test]
    fn the_well_known_path_goes_between_host_and_path() {
        for (resource, path, url) in [
            ("https://a.example", "", "https://a.example/.well-known/oauth-protected-resource"),
            ("https://a.example/", "", "https://a.example/.well-known/oauth-protected-resource"),
            ("https://a.example/mcp", "/mcp", "https://a.example/.well-known/oauth-protected-resource/mcp"),
            (
                "https://a.example/mcp/",
                "/mcp/",
                "https://a.example/.well-known/oauth-protected-resource/mcp/",
            ),
            ("http://[::1]:8080/a/b", "/a/b", "http://[::1]:8080/.well-known/oauth-protected-resource/a/b"),
            ("https://a.example/m?x=1", "/m", "https://a.example/.well-known/oauth-protected-resource/m?x=1"),
            ("https://a.example?x=1", "", "https://a.example/.well-known/oauth-protected-resource?x=1"),
        ] {
            let place = WellKnown::of(resource).unwrap();
            assert_eq!((place.path, place.url.as_str()), (format!("{WELL_KNOWN}{path}"), url), "{resource}");
        }
    }

    #[test]
    fn what_is_no_resource_identifier_has_no_well_known_path() {
        for resource in ["", "/mcp", "a.example/mcp", "ftp://a.example", "https://", "https:///mcp"] {
            assert!(WellKnown::of(resource).is_err(), "{resource}");
        }
        for resource in ["https://a.example/mcp#f", "https://u@a.example/mcp", "https://a.example/ mcp"] {
            assert_eq!(WellKnown::of(resource), Err(InvalidResource(resource.to_owned())));
        }
    }
}
