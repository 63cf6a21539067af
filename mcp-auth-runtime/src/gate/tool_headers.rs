//! Which headers of a request rmcp and the tools see: a list of those that are known to hold no credential, and those
//! that the operator adds. Every proxy that logs people in has a header of its own for what proves it, so a list of those
//! to take out would never be complete.

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, USER_AGENT};
use http::{HeaderMap, HeaderName, request};

use crate::observe::placed::Placed;
use crate::transport::place::REQUEST_ID;

/// What rmcp reads, and what says nothing of who asks.
const KNOWN: [HeaderName; 16] = [
    ACCEPT,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    HOST,
    ORIGIN,
    HeaderName::from_static("mcp-protocol-version"),
    HeaderName::from_static("mcp-session-id"),
    HeaderName::from_static("mcp-method"),
    HeaderName::from_static("mcp-name"),
    HeaderName::from_static("last-event-id"),
    ACCEPT_LANGUAGE,
    USER_AGENT,
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    REQUEST_ID,
    HeaderName::from_static("x-correlation-id"),
];

/// Arguments of a call that a tool's schema repeats in headers (2026-07-28).
const ARGUMENTS: &str = "mcp-param-";

/// The headers that rmcp and the tools see.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToolHeaders {
    added: Vec<HeaderName>,
}

impl ToolHeaders {
    /// The known ones, and those that the operator adds.
    pub(crate) fn and(added: Vec<HeaderName>) -> Self {
        Self { added }
    }

    /// Takes every other header out, and the query. `X-Request-Id` is what the log calls the request.
    pub(super) fn strip(&self, parts: &mut request::Parts) {
        let all = std::mem::take(&mut parts.headers);
        let seen = all.iter().filter(|(name, _)| self.shows(name));
        parts.headers = seen.map(|(name, value)| (name.clone(), value.clone())).fold(
            HeaderMap::new(),
            |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            },
        );
        parts.headers.remove(REQUEST_ID);
        if let Some(id) = parts.extensions.get::<Placed>().and_then(|placed| placed.id().header()) {
            parts.headers.insert(REQUEST_ID, id);
        }
        // RFC 6750 §2.3 put tokens into the query; nothing the MCP endpoint does needs one.
        if parts.uri.query().is_some()
            && let Ok(path) = parts.uri.path().parse()
        {
            let mut uri = std::mem::take(&mut parts.uri).into_parts();
            uri.path_and_query = Some(path);
            parts.uri = http::Uri::from_parts(uri).unwrap_or_default();
        }
    }

    fn shows(&self, name: &HeaderName) -> bool {
        KNOWN.contains(name) || name.as_str().starts_with(ARGUMENTS) || self.added.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(headers: &ToolHeaders, sent: &[&str]) -> Vec<String> {
        let request = sent.iter().fold(http::Request::post("/mcp?access_token=x"), |request, name| {
            request.header(*name, "1").header(*name, "2")
        });
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        headers.strip(&mut parts);
        assert_eq!(parts.uri, "/mcp");
        for name in parts.headers.keys() {
            assert_eq!(
                parts.headers.get_all(name).iter().count(),
                2,
                "{name}: one that is kept is kept whole"
            );
        }
        parts.headers.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn a_header_that_nobody_listed_is_not_shown() {
        for name in [
            "authorization",
            "cookie",
            "x-api-key",
            "cf-access-jwt-assertion",
            "x-goog-iap-jwt-assertion",
            "x-amzn-oidc-data",
            "x-amzn-oidc-accesstoken",
            "x-ms-token-aad-access-token",
            "x-pomerium-jwt-assertion",
            "x-vercel-oidc-token",
            "tailscale-user-login",
            "x-client-certificate",
            "referer",
            "baggage",
            "x-whatever-comes-next",
        ] {
            assert!(seen(&ToolHeaders::default(), &[name]).is_empty(), "{name}");
        }
    }

    #[test]
    fn what_rmcp_reads_and_what_the_operator_adds_is_shown_and_no_other() {
        let rmcp =
            ["accept", "content-type", "host", "mcp-name", "mcp-param-region", "traceparent", "user-agent"];
        assert_eq!(seen(&ToolHeaders::default(), &rmcp).len(), rmcp.len());
        let tenant = ToolHeaders::and(vec![HeaderName::from_static("x-tenant")]);
        assert_eq!(seen(&tenant, &["X-Tenant", "X-Tenant-Key"]), ["x-tenant"]);
        assert!(seen(&ToolHeaders::default(), &["x-tenant"]).is_empty());
    }
}
