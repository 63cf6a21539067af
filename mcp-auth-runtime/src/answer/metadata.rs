//! Protected resource metadata (RFC 9728): where a client that was answered 401 finds out whom to ask for a
//! token, and for which scopes.

use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use http::{HeaderValue, header};
use serde::Serialize;

use super::schemes::Schemes;
use crate::authn::proof_algorithms;
use mcp_auth_core::resource::WELL_KNOWN;
use mcp_auth_core::{IssuerIdentifier, Resource, ScopeSet};

/// What a server says of itself, without authentication and the same for every caller.
///
/// - Shape: RFC 9728 §2; members without a value are left out (§3.2).
/// - Nothing in it comes from a request: `Host` and forwarded headers have no part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ProtectedResourceMetadata {
    resource: Resource,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_servers: Vec<IssuerIdentifier>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    /// The algorithms of proofs (RFC 9449 §5.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dpop_signing_alg_values_supported: Vec<&'static str>,
    /// Said wherever proofs are read, so that nobody has to know what its absence means.
    #[serde(skip_serializing_if = "Option::is_none")]
    dpop_bound_access_tokens_required: Option<bool>,
    /// Said only where it is so: its absence means `false` (RFC 9728 §2).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tls_client_certificate_bound_access_tokens: bool,
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
    pub(crate) fn new(
        resource: Resource,
        authorization_servers: Vec<IssuerIdentifier>,
        scopes: &ScopeSet,
    ) -> Self {
        let none = Self {
            resource,
            authorization_servers,
            scopes_supported: Vec::new(),
            bearer_methods_supported: ["header"],
            dpop_signing_alg_values_supported: Vec::new(),
            dpop_bound_access_tokens_required: None,
            tls_client_certificate_bound_access_tokens: false,
            resource_name: None,
            resource_documentation: None,
            resource_policy_uri: None,
            resource_tos_uri: None,
        };
        none.with_scopes(scopes)
    }

    /// Says how clients may present a token.
    pub(crate) fn offering(&mut self, schemes: &Schemes) {
        if schemes.dpop.is_some() {
            self.dpop_signing_alg_values_supported = proof_algorithms().collect();
            self.dpop_bound_access_tokens_required = Some(!schemes.bearer);
        }
    }

    /// The same with these scopes.
    #[must_use]
    pub(crate) fn with_scopes(self, scopes: &ScopeSet) -> Self {
        let scopes = scopes.iter().map(|scope| scope.as_str()).filter(|scope| *scope != "offline_access");
        Self { scopes_supported: scopes.map(str::to_owned).collect(), ..self }
    }

    /// As [`answers`](Self::answers), with what `scopes` says of each moment: where tools come and go.
    pub(crate) fn answers_with(
        &self,
        scopes: impl Fn() -> ScopeSet + Clone + Send + Sync + 'static,
    ) -> Vec<(String, MethodRouter)> {
        let answer = |path| {
            let (metadata, scopes) = (self.clone(), scopes.clone());
            let document = move || {
                let document =
                    serde_json::to_vec(&metadata.clone().with_scopes(&scopes())).unwrap_or_default();
                async move { (document_headers(), document).into_response() }
            };
            (path, get(document))
        };
        self.paths().into_iter().map(answer).collect()
    }

    fn paths(&self) -> Vec<String> {
        let mut paths = vec![WELL_KNOWN.to_owned(), self.resource.metadata_path()];
        paths.dedup();
        paths
    }

    /// Says that every token has to be bound to a client certificate (RFC 8705 §3.3).
    pub(crate) fn requiring_certificates(&mut self) {
        self.tls_client_certificate_bound_access_tokens = true;
    }

    /// What answers with this document, by path: the form with the resource's path appended and the one at the root,
    /// GET and HEAD only.
    ///
    /// # Errors
    /// In practice none: texts serialise.
    pub(crate) fn answers(&self) -> Result<Vec<(String, MethodRouter)>, serde_json::Error> {
        let document = Bytes::from(serde_json::to_vec(self)?);
        let answer = |path| {
            let document = document.clone();
            (path, get(move || async move { (document_headers(), document).into_response() }))
        };
        Ok(self.paths().into_iter().map(answer).collect())
    }
}

pub(super) fn document_headers() -> [(header::HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        // Long enough that a crowd of clients costs nothing, short enough that a new scope is soon known.
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::response::Response;
    use http::{Method, Request, StatusCode};
    use tower::ServiceExt;

    use super::*;
    use crate::transport::routes;

    const RESOURCE: &str = "https://Todos.example.com:443/mcp";

    fn metadata() -> ProtectedResourceMetadata {
        let scopes = ScopeSet::parse_lossy("todos.write offline_access todos.read");
        ProtectedResourceMetadata::new(
            RESOURCE.parse().unwrap(),
            vec!["https://a.example".parse().unwrap(), "https://b.example/".parse().unwrap()],
            &scopes,
        )
    }

    async fn send(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let router = routes::exact_all(metadata().answers().unwrap());
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn body(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), 10_000).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a01_the_document_is_served_at_both_forms() {
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
    async fn a02_h12_nothing_a_client_sends_changes_a_byte() {
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
    async fn a03_every_other_path_is_not_found() {
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
    fn a05_offline_access_is_never_a_scope_of_the_server_and_an_empty_list_is_left_out() {
        assert!(!serde_json::to_string(&metadata()).unwrap().contains("offline_access"));
        let only_offline = ScopeSet::parse_lossy("offline_access");
        let none = ProtectedResourceMetadata::new(RESOURCE.parse().unwrap(), vec![], &only_offline);
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
}
