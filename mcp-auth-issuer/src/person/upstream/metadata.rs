//! Where the provider's endpoints are, as its metadata says (OpenID Connect Discovery 1.0 §3).

use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::net::is_secure;
use mcp_auth_core::strict_json;
use serde_json::{Map, Value};
use url::Url;

use super::exchange::{ClientAuth, TokenEndpoint};
use super::said::texts;

/// What counts of it.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: TokenEndpoint,
    /// Where it says who somebody is, if it has such an endpoint (OpenID Connect Core 1.0 §5.3).
    pub(super) userinfo_endpoint: Option<Url>,
    /// The values of `prompt` that it knows, where it lists them (Initiating User Registration via OpenID Connect 1.0 §4.2).
    pub(super) prompt_values: Option<Vec<String>>,
    /// Whether each authorization response says `iss` (RFC 9207 §3).
    pub(super) always_says_iss: bool,
}

/// Why metadata cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidMetadata {
    #[error("it is not a JSON object")]
    Shape,
    #[error("its {0} is missing, or neither https nor, like its issuer, http on loopback")]
    Endpoint(&'static str),
    #[error("it takes neither client_secret_basic nor client_secret_post")]
    ClientAuth,
}

impl Metadata {
    /// Reads `document`, the metadata of `issuer`.
    pub(super) fn read(document: &[u8], issuer: &IssuerIdentifier) -> Result<Self, InvalidMetadata> {
        let document = strict_json::object(document).map_err(|_| InvalidMetadata::Shape)?;
        Ok(Self {
            authorization_endpoint: endpoint(&document, "authorization_endpoint", issuer)?,
            token_endpoint: TokenEndpoint {
                url: endpoint(&document, "token_endpoint", issuer)?,
                client_auth: client_auth(&document)?,
            },
            userinfo_endpoint: match document.get("userinfo_endpoint") {
                Some(_) => Some(endpoint(&document, "userinfo_endpoint", issuer)?),
                None => None,
            },
            prompt_values: document.get("prompt_values_supported").map(texts),
            always_says_iss: document.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }
}

/// An https issuer cannot send us to plain http, not even on this machine.
fn endpoint(
    document: &Map<String, Value>,
    member: &'static str,
    issuer: &IssuerIdentifier,
) -> Result<Url, InvalidMetadata> {
    let url = document.get(member).and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
    let is_allowed = |url: &Url| match url.scheme() {
        "https" => true,
        _ => issuer.url().scheme() == "http" && is_secure(url),
    };
    url.filter(is_allowed).filter(|url| url.fragment().is_none()).ok_or(InvalidMetadata::Endpoint(member))
}

fn client_auth(document: &Map<String, Value>) -> Result<ClientAuth, InvalidMetadata> {
    let Some(methods) = document.get("token_endpoint_auth_methods_supported") else {
        return Ok(ClientAuth::Basic);
    };
    let takes = |method: &str| methods.as_array().is_some_and(|all| all.iter().any(|one| one == method));
    match (takes("client_secret_basic"), takes("client_secret_post")) {
        (true, _) => Ok(ClientAuth::Basic),
        (false, true) => Ok(ClientAuth::Post),
        (false, false) => Err(InvalidMetadata::ClientAuth),
    }
}
