//! The keys that a client authenticates by: as its metadata names them (RFC 7591 §2), and as they verify.

use std::net::IpAddr;
use std::sync::Arc;

use mcp_auth_runtime::facade::{Algorithm, InvalidKeys, PublicKeys, has_private_member};
use mcp_auth_store::{Client, ClientKeys};
use serde_json::Value;

use crate::client::document::{ClientIdUrl, DocumentError, KeysAt};
use crate::issuer::{ClientError, Issuer};

/// Why `jwks` and `jwks_uri` of client metadata name no keys. Shows nothing of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidClientKeys {
    #[error("private_key_jwt needs jwks or jwks_uri")]
    Missing,
    #[error("jwks and jwks_uri exclude each other (RFC 7591 section 2)")]
    Both,
    #[error("jwks: {0}")]
    Set(#[from] InvalidKeys),
    #[error(
        "jwks_uri is not an https URL with the name of a host and a path, written as a URL parser writes it"
    )]
    Url,
}

/// The keys of a client whose metadata has these members.
///
/// # Errors
/// [`InvalidClientKeys`].
pub(crate) fn of_metadata(
    jwks: Option<&Value>,
    jwks_uri: Option<&str>,
) -> Result<ClientKeys, InvalidClientKeys> {
    match (jwks, jwks_uri) {
        (Some(_), Some(_)) => Err(InvalidClientKeys::Both),
        (None, None) => Err(InvalidClientKeys::Missing),
        (Some(set), None) => {
            let text = set.to_string();
            PublicKeys::read(text.as_bytes(), &Algorithm::OF_ASSERTIONS)?;
            Ok(ClientKeys::Set(text))
        }
        (None, Some(url)) => match url.parse::<ClientIdUrl>() {
            Ok(_) => Ok(ClientKeys::At(url.to_owned())),
            Err(_) => Err(InvalidClientKeys::Url),
        },
    }
}

/// Whether a JWK Set has a private or shared key.
pub(crate) fn has_secret_key(jwks: &Value) -> bool {
    let keys = jwks.get("keys").and_then(Value::as_array);
    keys.into_iter().flatten().filter_map(Value::as_object).any(has_private_member)
}

impl Issuer {
    /// What verifies assertions of `client`, whose keys these are; `kid` is the one that an assertion names, which comes `from`
    /// there: what is fetched for a stranger is counted for it.
    ///
    /// # Errors
    /// [`ClientError`]: the set at a URL cannot be had.
    pub(crate) async fn keys_of(
        &self,
        client: &Client,
        keys: &ClientKeys,
        kid: Option<&str>,
        from: Option<IpAddr>,
    ) -> Result<Arc<PublicKeys>, ClientError> {
        match keys {
            ClientKeys::Set(set) => {
                let keys = PublicKeys::read(set.as_bytes(), &Algorithm::OF_ASSERTIONS);
                Ok(Arc::new(keys.map_err(DocumentError::Keys)?))
            }
            ClientKeys::At(url) => {
                let is_known = self.is_known(&client.id).await?;
                let asked = KeysAt { client_id: &client.id, url, kid, is_known, from };
                Ok(self.documents.keys(&asked, &self.store, self.now()).await?)
            }
        }
    }
}
