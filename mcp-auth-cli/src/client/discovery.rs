//! From a challenge to the issuer: rmcp follows the metadata (RFC 9728, RFC 8414, OpenID Connect Discovery), and this
//! module refuses what rmcp accepts wrongly.

use mcp_auth_core::net::Host;
use mcp_auth_core::resource::WELL_KNOWN;
use rmcp::transport::auth::{
    AuthError, AuthorizationManager, AuthorizationMetadata, AuthorizationMetadataSource,
    ProtectedResourceMetadataInvalidReason,
};
use url::Url;

use super::Client;
use super::address::{AddressError, Reach, ServerUrl, is_same_origin};
use crate::outbound::document;
use crate::terminal::shown_line;

/// The issuer to log in at, with its metadata checked.
pub(super) struct Discovered {
    pub(super) manager: AuthorizationManager,
    pub(super) metadata: AuthorizationMetadata,
    pub(super) issuer: String,
    /// Whether protected resource metadata named the issuer. Otherwise it is the server's own origin.
    pub(super) named_by_metadata: bool,
}

/// Why a login at this server is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoveryError {
    #[error(
        "{server} publishes no metadata that says where to log in; `mcp-auth doctor {server}` says what is missing"
    )]
    Nothing { server: String },
    #[error(
        "the metadata at {at} is for {resource}, not for {server}: a token asked for there would be for another \
         server; use the URL it names, or have the server's public_url put right"
    )]
    ForeignResource { at: String, resource: String, server: String },
    #[error(
        "the issuer's metadata calls itself {received}, but {expected} was asked: it is not used (RFC 8414 §3.3)"
    )]
    OtherIssuer { expected: String, received: String },
    #[error(
        "the metadata names the issuer {0} and endpoints elsewhere, and {0} itself does not name them: it is not used \
         (RFC 8414 §3.3)"
    )]
    NotVouched(String),
    #[error("the metadata of {0} has no issuer, so nothing says whose tokens they are (RFC 8414 §2)")]
    NoIssuer(String),
    #[error(
        "{0} does not say that it supports PKCE with S256, which MCP requires (code_challenge_methods_supported)"
    )]
    NoPkce(String),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("cannot read {url}: {why}")]
    Unreachable { url: String, why: String },
    #[error("discovery failed: {0}")]
    Other(String),
}

/// Finds the issuer of a server, using its challenge if there is one.
///
/// # Errors
/// [`DiscoveryError`]; only requests for metadata were sent.
pub(super) async fn discover(client: &Client, challenge: Option<&str>) -> Result<Discovered, DiscoveryError> {
    let Client { http, server, reach, .. } = client;
    let failed = |error| explained(error, server);
    let mut manager = manager(server.as_str(), *reach).await.map_err(failed)?;
    let resolved = manager.resolve_metadata_from_challenge(challenge).await.map_err(failed)?;
    let named_by_metadata = match resolved.source {
        AuthorizationMetadataSource::ProtectedResourceMetadata => true,
        // rmcp ignores metadata that it finds at a well-known place but does not accept, without reporting it.
        AuthorizationMetadataSource::AuthorizationServerMetadata => {
            refuse_foreign_metadata(http, server).await?;
            false
        }
        _ => {
            refuse_foreign_metadata(http, server).await?;
            return Err(DiscoveryError::Nothing { server: server.to_string() });
        }
    };
    let metadata = resolved.metadata;
    let issuer = check(server, &metadata)?;
    vouched(&issuer, &metadata, *reach).await?;
    manager.set_metadata(metadata.clone());
    Ok(Discovered { manager, metadata, issuer, named_by_metadata })
}

async fn manager(base: &str, reach: Reach) -> Result<AuthorizationManager, AuthError> {
    match reach.private_addresses {
        true => AuthorizationManager::new_allowing_private_addresses(base).await,
        false => AuthorizationManager::new(base).await,
    }
}

/// Checks that the issuer itself names these endpoints (RFC 8414 §3.3). rmcp believes a server about where an
/// issuer's metadata is, and does not compare the issuer where that place is not a well-known one. Codes and refresh
/// tokens of one issuer would then go to a server that only uses its name. Endpoints on the issuer's own origin are
/// accepted.
async fn vouched(issuer: &str, metadata: &AuthorizationMetadata, reach: Reach) -> Result<(), DiscoveryError> {
    let endpoints = |of: &AuthorizationMetadata| {
        let (authorization, token) = (of.authorization_endpoint.clone(), of.token_endpoint.clone());
        [Some(authorization), Some(token), of.registration_endpoint.clone()]
    };
    if endpoints(metadata).iter().flatten().all(|endpoint| is_same_origin(endpoint, issuer)) {
        return Ok(());
    }
    let not_vouched = || DiscoveryError::NotVouched(shown_line(issuer, 200));
    // rmcp lets a manager reach addresses of the same kind as its own URL, and this URL comes from a server we do not
    // trust.
    let is_address = match Url::parse(issuer).ok().as_ref().and_then(Host::of) {
        Some(Host::Name(_)) => false, // what it resolves to is looked at
        Some(address) => !address.is_loopback(),
        None => true,
    };
    if is_address && !reach.private_addresses {
        return Err(not_vouched());
    }
    let manager = manager(issuer, reach).await.map_err(|_| not_vouched())?;
    let own = manager.resolve_metadata().await.map_err(|_| not_vouched())?;
    let is_discovered = !matches!(own.source, AuthorizationMetadataSource::LegacyEndpointFallback);
    let own = own.metadata;
    let agrees = own.issuer.as_deref() == Some(issuer) && endpoints(&own) == endpoints(metadata);
    if is_discovered && agrees { Ok(()) } else { Err(not_vouched()) }
}

/// Checks what MCP authorization requires of the issuer's metadata and rmcp does not check: an issuer, endpoints over
/// https, S256.
fn check(server: &ServerUrl, metadata: &AuthorizationMetadata) -> Result<String, DiscoveryError> {
    let issuer = metadata.issuer.clone().ok_or_else(|| DiscoveryError::NoIssuer(server.to_string()))?;
    server.endpoint("issuer", &issuer)?;
    server.endpoint("authorization_endpoint", &metadata.authorization_endpoint)?;
    server.endpoint("token_endpoint", &metadata.token_endpoint)?;
    if let Some(registration) = &metadata.registration_endpoint {
        server.endpoint("registration_endpoint", registration)?;
    }
    let methods = metadata.code_challenge_methods_supported.as_deref().unwrap_or_default();
    if !methods.iter().any(|method| method == "S256") {
        return Err(DiscoveryError::NoPkce(shown_line(&issuer, 200)));
    }
    Ok(issuer)
}

/// Whether a resource is the server or contains it in its path.
fn holds(resource: &Url, server: &Url) -> bool {
    let inside = |rest: &str| rest.is_empty() || resource.path().ends_with('/') || rest.starts_with('/');
    resource.origin() == server.origin() && server.path().strip_prefix(resource.path()).is_some_and(inside)
}

/// Refuses metadata at the server's well-known places if it is for another resource.
async fn refuse_foreign_metadata(http: &reqwest::Client, server: &ServerUrl) -> Result<(), DiscoveryError> {
    let path = server.url().path().trim_matches('/');
    for place in [format!("{WELL_KNOWN}/{path}"), WELL_KNOWN.to_owned()] {
        let mut at = server.url().clone();
        at.set_query(None);
        at.set_path(&place);
        let Ok(answer) = http.get(at.clone()).timeout(std::time::Duration::from_secs(30)).send().await else {
            continue;
        };
        let Some(document) = document(answer).await else { continue };
        let Ok(document) = serde_json::from_slice::<serde_json::Value>(&document) else { continue };
        let Some(resource) = document.get("resource").and_then(serde_json::Value::as_str) else { continue };
        if !Url::parse(resource).is_ok_and(|resource| holds(&resource, server.url())) {
            return Err(DiscoveryError::ForeignResource {
                at: at.to_string(),
                resource: shown_line(resource, 200),
                server: server.to_string(),
            });
        }
    }
    Ok(())
}

/// rmcp's errors, replaced by our own where these say more.
fn explained(error: AuthError, server: &ServerUrl) -> DiscoveryError {
    match error {
        AuthError::ProtectedResourceMetadataInvalid { url, reason } => match *reason {
            ProtectedResourceMetadataInvalidReason::ResourceMismatch { permitted, .. } => {
                DiscoveryError::ForeignResource {
                    at: url.to_string(),
                    resource: shown_line(permitted.as_str(), 200),
                    server: server.to_string(),
                }
            }
            reason => DiscoveryError::Unreachable {
                url: url.to_string(),
                why: shown_line(&reason.to_string(), 300),
            },
        },
        AuthError::AuthorizationServerMismatch { expected_issuer, received_issuer } => {
            DiscoveryError::OtherIssuer {
                expected: shown_line(&expected_issuer, 200),
                received: shown_line(&received_issuer, 200),
            }
        }
        AuthError::AuthorizationServerMissingIssuer { expected_issuer } => {
            DiscoveryError::NoIssuer(shown_line(&expected_issuer, 200))
        }
        AuthError::DiscoveryRequestFailed { url, source } => {
            let mut why = source.to_string();
            let mut cause = source.source();
            while let Some(error) = cause {
                why.push_str(": ");
                why.push_str(&error.to_string());
                cause = error.source();
            }
            if why.contains("address not allowed") {
                why.push_str("; if it is inside your own network, --private-addresses allows it");
            }
            DiscoveryError::Unreachable { url: url.to_string(), why: shown_line(&why, 500) }
        }
        error => DiscoveryError::Other(shown_line(&error.to_string(), 500)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reach;
    use super::*;

    fn metadata(change: impl FnOnce(&mut serde_json::Value)) -> AuthorizationMetadata {
        let mut document = serde_json::json!({
            "issuer": "https://issuer.example",
            "authorization_endpoint": "https://issuer.example/authorize",
            "token_endpoint": "https://issuer.example/token",
            "code_challenge_methods_supported": ["S256"],
        });
        change(&mut document);
        serde_json::from_value(document).unwrap()
    }

    fn checked(change: impl FnOnce(&mut serde_json::Value)) -> Result<String, DiscoveryError> {
        check(&ServerUrl::parse("https://a.example/mcp", Reach::default()).unwrap(), &metadata(change))
    }

    #[test]
    fn a_resource_holds_itself_and_what_is_below_it() {
        let holds =
            |resource: &str| holds(&resource.parse().unwrap(), &"https://a.example/x/mcp".parse().unwrap());
        for good in
            ["https://a.example/x/mcp", "https://a.example/x", "https://a.example/x/", "https://a.example"]
        {
            assert!(holds(good), "{good}");
        }
        for bad in [
            "https://b.example/x/mcp",
            "http://a.example/x/mcp",
            "https://a.example/x/m",
            "https://a.example:1/x",
        ] {
            assert!(!holds(bad), "{bad}");
        }
    }

    #[test]
    fn an_issuer_with_s256_and_https_endpoints_passes() {
        assert_eq!(checked(|_| {}).unwrap(), "https://issuer.example");
    }

    #[test]
    fn an_issuer_without_s256_is_refused() {
        let none = checked(|document| {
            _ = document.as_object_mut().unwrap().remove("code_challenge_methods_supported")
        });
        assert!(matches!(none, Err(DiscoveryError::NoPkce(_))));
        let plain =
            checked(|document| document["code_challenge_methods_supported"] = serde_json::json!(["plain"]));
        assert!(matches!(plain, Err(DiscoveryError::NoPkce(_))));
    }

    #[test]
    fn an_issuer_without_issuer_is_refused() {
        let refused = checked(|document| _ = document.as_object_mut().unwrap().remove("issuer"));
        assert!(matches!(refused, Err(DiscoveryError::NoIssuer(_))));
    }

    #[test]
    fn an_endpoint_that_is_not_https_is_refused() {
        for name in ["issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint"] {
            for bad in ["http://issuer.example/x", "http://127.0.0.1/x", "file:///x", "javascript:x"] {
                let refused = checked(|document| document[name] = serde_json::json!(bad));
                assert!(matches!(refused, Err(DiscoveryError::Address(_))), "{name} {bad}");
            }
        }
    }
}
