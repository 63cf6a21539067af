//! Where an issuer's keys are: authorization server metadata, asked for in the order the MCP specification gives
//! (2026-07-28, Authorization Server Discovery).

use bytes::Bytes;
use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::net::{Host, is_secure};
use mcp_auth_core::seen::Excerpt;
use mcp_auth_core::strict_json;
use serde_json::{Map, Value};
use url::Url;

use crate::authn::error::KeysError;
use crate::authn::fetch::{Fetch, FetchRequest, is_plain_from};

/// The metadata documents to try, in order: RFC 8414 §3.1, then OpenID Connect Discovery by RFC 8414 §5, then
/// OpenID Connect Discovery §4.
pub(super) fn metadata_urls(issuer: &IssuerIdentifier) -> Vec<Url> {
    let issuer = issuer.url();
    let path = issuer.path().strip_suffix('/').unwrap_or(issuer.path());
    let mut paths = vec![
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
    ];
    if !path.is_empty() {
        paths.push(format!("{path}/.well-known/openid-configuration"));
    }
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    paths.into_iter().map(at).collect()
}

/// Whose metadata it may be, by the `issuer` in it: that of `issuer`, or one that calls it by another of its names.
#[derive(Debug, Clone, Copy)]
pub(in crate::authn::verifier) struct Whose<'a> {
    pub(in crate::authn::verifier) issuer: &'a IssuerIdentifier,
    pub(in crate::authn::verifier) also_called: &'a [String],
}

/// Finds the URL that the metadata of `issuer` gives in `member`, such as `jwks_uri`.
///
/// `plain` is the host whose plain http the operator allows.
///
/// - Source: RFC 8414 §3.3, the document's `issuer` equals a name of the issuer byte for byte, or it is not used.
///
/// # Errors
/// The most telling [`KeysError`], after every document was tried: metadata of another issuer comes before a missing
/// document. [`KeysError::NotPublished`] only where every document came, or is not there: one that failed may have named it.
/// A network failure ends the search at once, as it would repeat.
pub(in crate::authn::verifier) async fn published_url(
    fetch: &dyn Fetch,
    whose: Whose<'_>,
    plain: Option<&Host>,
    max_bytes: usize,
    member: &'static str,
) -> Result<Url, KeysError> {
    let mut worst: Option<KeysError> = None;
    let issuer = whose.issuer;
    for url in metadata_urls(issuer) {
        match read(fetch, whose, plain, &url, max_bytes, member).await {
            Ok(uri) => return Ok(uri),
            Err(error) => {
                let is_network = matches!(error, KeysError::Fetch { .. });
                if worst.as_ref().is_none_or(|worst| telling(&error) > telling(worst)) {
                    worst = Some(error);
                }
                if is_network {
                    break;
                }
            }
        }
    }
    Err(worst.unwrap_or(KeysError::Document { url: issuer.to_string(), expected: "metadata document" }))
}

fn telling(error: &KeysError) -> u8 {
    match error {
        KeysError::Status { status: 404, .. } => 0,
        KeysError::Document { .. } | KeysError::NoUsableKey { .. } => 1,
        KeysError::NotPublished { .. } => 2,
        KeysError::Fetch { .. } | KeysError::Status { .. } | KeysError::Own(_) | KeysError::Timeout(_) => 3,
        KeysError::IssuerDiffers { .. } | KeysError::NotHttps { .. } => 4,
    }
}

/// The first metadata document of `issuer`, as it came.
///
/// - Source: as [`published_url`]; a document of another issuer is not used.
///
/// # Errors
/// As [`published_url`]; [`KeysError::Status`] 404 where no place has a document.
pub(super) async fn document(
    fetch: &dyn Fetch,
    whose: Whose<'_>,
    max_bytes: usize,
) -> Result<Bytes, KeysError> {
    let mut worst: Option<KeysError> = None;
    let issuer = whose.issuer;
    for url in metadata_urls(issuer) {
        match get(fetch, whose, &url, max_bytes).await {
            Ok((_, document)) => return Ok(document),
            Err(error @ KeysError::Fetch { .. }) => return Err(worst.unwrap_or(error)),
            Err(error) if worst.as_ref().is_none_or(|w| telling(&error) > telling(w)) => worst = Some(error),
            Err(_) => {}
        }
    }
    Err(worst.unwrap_or(KeysError::Document { url: issuer.to_string(), expected: "metadata document" }))
}

async fn read(
    fetch: &dyn Fetch,
    whose: Whose<'_>,
    plain: Option<&Host>,
    url: &Url,
    max_bytes: usize,
    member: &'static str,
) -> Result<Url, KeysError> {
    let (metadata, _) = get(fetch, whose, url, max_bytes).await?;
    let issuer = whose.issuer;
    let named =
        metadata.get(member).ok_or_else(|| KeysError::NotPublished { url: url.to_string(), member })?;
    let uri = Some(named).and_then(Value::as_str).and_then(|uri| Url::parse(uri).ok());
    // An https issuer cannot send us to plain http, not even on this machine; one that is asked over plain http only back
    // to where it is.
    let is_plain_here = |url: &Url| url.scheme() == "http" && is_secure(url);
    let allowed = |uri: &Url| match uri.scheme() {
        "https" => true,
        _ if is_plain_here(issuer.url()) => is_plain_here(uri),
        _ => is_plain_from(issuer.url(), plain) && is_plain_from(uri, plain),
    };
    uri.filter(allowed).ok_or_else(|| KeysError::NotHttps { url: url.to_string(), member })
}

/// One document, read and as it came, if it is of `issuer`.
async fn get(
    fetch: &dyn Fetch,
    whose: Whose<'_>,
    url: &Url,
    max_bytes: usize,
) -> Result<(Map<String, Value>, Bytes), KeysError> {
    let Whose { issuer, also_called } = whose;
    let name = || url.to_string();
    let answer = fetch.fetch(FetchRequest::get(url.clone()), max_bytes).await;
    let answer = answer.map_err(|source| KeysError::Fetch { url: name(), source })?;
    if answer.status != http::StatusCode::OK {
        return Err(KeysError::Status { url: name(), status: answer.status.as_u16() });
    }
    let metadata = strict_json::object(&answer.body)
        .map_err(|_| KeysError::Document { url: name(), expected: "metadata document (RFC 8414)" })?;
    match metadata.get("issuer").and_then(Value::as_str) {
        Some(found) if issuer == found || also_called.iter().any(|name| name == found) => {
            Ok((metadata, answer.body))
        }
        found => {
            let found = Excerpt::of(found.unwrap_or_default());
            Err(KeysError::IssuerDiffers { url: name(), found })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authn::tests::support::{Answer, FakeFetch};

    fn urls(issuer: &str) -> Vec<String> {
        metadata_urls(&issuer.parse().unwrap()).iter().map(Url::to_string).collect()
    }

    async fn found(fetch: &FakeFetch, issuer: &str) -> Result<String, KeysError> {
        let whose = Whose { issuer: &issuer.parse().unwrap(), also_called: &[] };
        published_url(fetch, whose, None, 1000, "jwks_uri").await.map(|uri| uri.to_string())
    }

    fn metadata(issuer: &str, uri: &str) -> Answer {
        Answer::ok(&json!({"issuer": issuer, "jwks_uri": uri}))
    }

    #[test]
    fn an_issuer_with_a_path_has_three_places_in_the_order_of_the_mcp_specification() {
        let expected = [
            "https://a.example/.well-known/oauth-authorization-server/tenant1",
            "https://a.example/.well-known/openid-configuration/tenant1",
            "https://a.example/tenant1/.well-known/openid-configuration",
        ];
        assert_eq!(urls("https://a.example/tenant1"), expected);
        assert_eq!(urls("https://a.example/tenant1/"), expected);
    }

    #[test]
    fn an_issuer_without_a_path_has_two_places() {
        let expected = [
            "https://a.example:8443/.well-known/oauth-authorization-server",
            "https://a.example:8443/.well-known/openid-configuration",
        ];
        assert_eq!(urls("https://a.example:8443"), expected);
        assert_eq!(urls("https://a.example:8443/"), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_document_of_this_issuer_decides() {
        let fetch = FakeFetch::default();
        let [first, second, third] = [0, 1, 2].map(|i| urls("https://a.example/t").remove(i));
        fetch.put(&third, metadata("https://a.example/t", "https://a.example/3"));
        assert_eq!(found(&fetch, "https://a.example/t").await.unwrap(), "https://a.example/3");
        assert_eq!(fetch.asked(), [first.clone(), second.clone(), third]);
        for request in fetch.sent() {
            assert_eq!(request.method, http::Method::GET);
            assert!(request.body.is_empty() && !request.headers.contains_key("authorization"));
        }
        fetch.put(&second, metadata("https://a.example/t", "https://keys.example/2"));
        assert_eq!(found(&fetch, "https://a.example/t").await.unwrap(), "https://keys.example/2");
        fetch.put(&first, Answer::text("<html>"));
        assert_eq!(found(&fetch, "https://a.example/t").await.unwrap(), "https://keys.example/2");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_said_not_to_be_published_while_one_document_does_not_come() {
        let without = || Answer::ok(&json!({"issuer": "https://a.example"}));
        let [first, second] = [0, 1].map(|i| urls("https://a.example").remove(i));
        for answer in
            [Answer::status(500), Answer::status(503), Answer::status(429), Answer::Fail, Answer::Hang]
        {
            for (has, fails) in [(&first, &second), (&second, &first)] {
                let fetch = FakeFetch::default();
                fetch.put(has, without());
                fetch.put(fails, answer.clone());
                let error = found(&fetch, "https://a.example").await.unwrap_err();
                let is_outage = matches!(error, KeysError::Status { .. } | KeysError::Fetch { .. });
                assert!(is_outage, "{error}");
            }
        }
        for answer in [Answer::status(404), Answer::text("<html>"), without()] {
            let fetch = FakeFetch::default();
            fetch.put(&first, without());
            fetch.put(&second, answer);
            let error = found(&fetch, "https://a.example").await.unwrap_err();
            assert!(matches!(error, KeysError::NotPublished { .. }), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn k09_metadata_of_another_issuer_is_not_used() {
        for other in
            ["https://a.example/", "https://A.example", "https://evil.example", "", "http://a.example"]
        {
            let fetch = FakeFetch::default();
            fetch.put(&urls("https://a.example")[0], metadata(other, "https://a.example/k"));
            let error = found(&fetch, "https://a.example").await.unwrap_err();
            assert!(
                matches!(error, KeysError::IssuerDiffers { .. }) && error.is_misconfiguration(),
                "{other}: {error}"
            );
        }
        let fetch = FakeFetch::default();
        fetch.put(&urls("https://a.example/")[0], metadata("https://a.example/", "https://a.example/k"));
        assert!(found(&fetch, "https://a.example/").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn k09_jwks_uri_is_https_or_loopback_to_loopback() {
        for (issuer, uri, ok) in [
            ("https://a.example", "https://keys.example/k", true),
            ("https://a.example", "http://a.example/k", false),
            ("https://a.example", "http://127.0.0.1/k", false),
            ("https://a.example", "file:///k", false),
            ("https://a.example", "/k", false),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/k", true),
            ("http://127.0.0.1:9000", "http://a.example/k", false),
        ] {
            let fetch = FakeFetch::default();
            fetch.put(&urls(issuer)[0], metadata(issuer, uri));
            match found(&fetch, issuer).await {
                Ok(_) => assert!(ok, "{uri}"),
                Err(error) => assert!(!ok && matches!(error, KeysError::NotHttps { .. }), "{uri}: {error}"),
            }
        }
        let fetch = FakeFetch::default();
        fetch.put(&urls("https://a.example")[0], Answer::ok(&json!({"issuer": "https://a.example"})));
        assert!(matches!(found(&fetch, "https://a.example").await, Err(KeysError::NotPublished { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn k09_where_plain_http_is_allowed_the_keys_are_on_the_named_host() {
        for (issuer, uri, plain, ok) in [
            ("http://keycloak:8080/realms/a", "http://keycloak:8080/realms/a/certs", "keycloak", true),
            ("http://keycloak:8080", "http://keycloak:9000/certs", "keycloak", true),
            ("http://keycloak:8080", "https://keys.example/k", "keycloak", true),
            ("http://keycloak:8080", "http://other:8080/certs", "keycloak", false),
            ("http://keycloak:8080", "http://keycloak.evil/certs", "keycloak", false),
            ("http://keycloak:8080", "http://169.254.169.254/certs", "keycloak", false),
            ("http://keycloak:8080", "http://127.0.0.1:8080/certs", "keycloak", false),
            ("http://keycloak:8080", "ftp://keycloak/certs", "keycloak", false),
            ("http://keycloak:8080", "file:///certs", "keycloak", false),
            ("https://keycloak", "http://keycloak/certs", "keycloak", false),
            ("http://127.0.0.1:9000", "http://keycloak/certs", "keycloak", false),
        ] {
            let fetch = FakeFetch::default();
            fetch.put(&urls(issuer)[0], metadata(issuer, uri));
            let plain = plain.parse().unwrap();
            let whose = Whose { issuer: &issuer.parse().unwrap(), also_called: &[] };
            let found = published_url(&fetch, whose, Some(&plain), 1000, "jwks_uri").await;
            assert_eq!(found.is_ok(), ok, "{issuer} {uri}: {found:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn k07_a_redirect_is_not_metadata_and_an_unreachable_issuer_is_asked_once() {
        let fetch = FakeFetch::default();
        fetch.put(&urls("https://a.example")[0], Answer::status(302));
        assert!(matches!(
            found(&fetch, "https://a.example").await,
            Err(KeysError::Status { status: 302, .. })
        ));
        let fetch = FakeFetch::default();
        fetch.put(&urls("https://a.example")[0], Answer::Fail);
        assert!(matches!(found(&fetch, "https://a.example").await, Err(KeysError::Fetch { .. })));
        assert_eq!(fetch.asked().len(), 1);
    }
}
