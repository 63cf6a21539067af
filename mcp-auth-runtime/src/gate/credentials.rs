//! What is taken out of a request before rmcp and the tools see it.

use http::request;

/// What may carry a credential never reaches rmcp or a tool.
const CREDENTIAL_HEADERS: [&str; 10] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "dpop",
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-access-token",
    "x-forwarded-access-token",
    "x-auth-request-access-token",
];

/// Takes them out, and the query with them.
pub(super) fn strip_credentials(parts: &mut request::Parts) {
    for name in CREDENTIAL_HEADERS {
        parts.headers.remove(name);
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
