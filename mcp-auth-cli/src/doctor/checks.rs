//! The table of checks: the stable id of each one, and the text that says what is correct.

/// One check that doctor makes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check {
    /// The id in kebab-case. It never changes, because scripts read it.
    pub(crate) id: &'static str,
    /// The standard and section that has the rule.
    pub(crate) source: &'static str,
}

const fn check(id: &'static str, source: &'static str) -> Check {
    Check { id, source }
}

pub(crate) const REACHABILITY: Check = check("reachability", "RFC 9110 §15; MCP Streamable HTTP");
pub(crate) const HTTPS: Check = check("https", "MCP authorization, communication security; RFC 6750 §5.3");
pub(crate) const PROTOCOL: Check = check("protocol", "MCP Streamable HTTP, protocol version header");
pub(crate) const UNAUTHENTICATED: Check = check("unauthenticated", "RFC 9110 §15.5.2; RFC 6750 §3.1");
pub(crate) const CHALLENGE: Check = check("challenge", "RFC 9110 §11.6.1; RFC 6750 §3; RFC 9728 §5.1");
pub(crate) const METADATA_CHALLENGE: Check = check("resource-metadata-challenge", "RFC 9728 §5.1");
pub(crate) const METADATA_PATH: Check = check("resource-metadata-path", "RFC 9728 §3.1");
pub(crate) const METADATA_ROOT: Check = check("resource-metadata-root", "MCP authorization server discovery");
pub(crate) const RESOURCE: Check = check("resource", "RFC 9728 §3.3");
pub(crate) const AUTHORIZATION_SERVERS: Check =
    check("authorization-servers", "RFC 9728 §2; MCP authorization server location");
pub(crate) const SCOPES: Check = check("scopes", "MCP authorization, scope selection and refresh tokens");
pub(crate) const BEARER_METHODS: Check = check("bearer-methods", "RFC 9728 §2; RFC 6750 §2.1");
pub(crate) const ISSUER_METADATA: Check =
    check("issuer-metadata", "RFC 8414 §3.1; OpenID Connect Discovery §4");
pub(crate) const ISSUER: Check = check("issuer", "RFC 8414 §3.3");
pub(crate) const ISSUER_ENDPOINTS: Check =
    check("issuer-endpoints", "RFC 8414 §2; MCP communication security");
pub(crate) const PKCE: Check = check("pkce", "MCP authorization code protection; RFC 8414 §2");
pub(crate) const REGISTRATION: Check = check("registration", "MCP client registration; RFC 7591 §3");
pub(crate) const RESPONSE_ISSUER: Check = check("response-issuer", "RFC 9207 §3");
pub(crate) const JWKS: Check = check("jwks", "RFC 7517 §4, §5; RFC 7518 §3.3");
pub(crate) const CORS: Check = check("cors", "Fetch standard, CORS protocol");
pub(crate) const CLOCK: Check = check("clock", "RFC 9110 §6.6.1; RFC 7519 §4.1.4");
pub(crate) const TOKEN_FORMAT: Check = check("token-format", "RFC 9068 §2.1; RFC 8725 §3.1");
pub(crate) const TOKEN_ISSUER: Check = check("token-issuer", "RFC 9068 §4; RFC 7519 §4.1.1");
pub(crate) const TOKEN_AUDIENCE: Check = check("token-audience", "RFC 9068 §4; RFC 8707 §2");
pub(crate) const TOKEN_LIFETIME: Check = check("token-lifetime", "RFC 7519 §4.1.4, §4.1.5");
pub(crate) const TOKEN_KEY: Check = check("token-key", "RFC 7515 §4.1.4; RFC 7517 §4.5");
pub(crate) const TOKEN_SCOPES: Check = check("token-scopes", "RFC 6750 §3.1");
pub(crate) const AUTHENTICATED: Check = check("authenticated", "RFC 6750 §2.1, §3.1");
pub(crate) const TOOL: Check = check("tool", "MCP authorization, scope challenge handling");

/// All checks, in the order in which doctor makes them.
pub(crate) const ALL: [Check; 29] = [
    REACHABILITY,
    HTTPS,
    PROTOCOL,
    UNAUTHENTICATED,
    CHALLENGE,
    METADATA_CHALLENGE,
    METADATA_PATH,
    METADATA_ROOT,
    RESOURCE,
    AUTHORIZATION_SERVERS,
    SCOPES,
    BEARER_METHODS,
    ISSUER_METADATA,
    ISSUER,
    ISSUER_ENDPOINTS,
    PKCE,
    REGISTRATION,
    RESPONSE_ISSUER,
    JWKS,
    CORS,
    CLOCK,
    TOKEN_FORMAT,
    TOKEN_ISSUER,
    TOKEN_AUDIENCE,
    TOKEN_LIFETIME,
    TOKEN_KEY,
    TOKEN_SCOPES,
    AUTHENTICATED,
    TOOL,
];

/// The checks from `first` to `last`, both included.
pub(crate) fn between(first: Check, last: Check) -> impl Iterator<Item = Check> {
    let place = |check: Check| ALL.iter().position(|other| other.id == check.id).unwrap_or_default();
    ALL.into_iter().take(place(last) + 1).skip(place(first))
}
