//! Who we are to an introspection endpoint (RFC 7662 §2.1 leaves it open; RFC 6749 §2.3, RFC 7523 §2.2).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use mcp_auth_core::{SecretText, client_basic};
use url::form_urlencoded::Serializer;

use super::assertion::AssertionKey;
use super::error::IntrospectionError;
use mcp_auth_core::ambient::Ambient;

/// What a client assertion says it is (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Who we are to an introspection endpoint. `Debug` shows no secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientAuth {
    /// Nobody: the endpoint is inside a network of one's own, or asks for no more than a client's name.
    None {
        /// The client's name, if the endpoint wants one.
        client_id: Option<String>,
    },
    /// Name and secret in `Authorization: Basic` (`client_secret_basic`, RFC 6749 §2.3.1).
    Basic {
        /// The client's name.
        client_id: String,
        /// Its secret.
        secret: SecretText,
    },
    /// Name and secret in the form (`client_secret_post`, RFC 6749 §2.3.1).
    Post {
        /// The client's name.
        client_id: String,
        /// Its secret.
        secret: SecretText,
    },
    /// A token or key of our own in `Authorization: Bearer`.
    Bearer {
        /// The key.
        key: SecretText,
    },
    /// A JWT that our key signs (`private_key_jwt`, RFC 7523 §2.2).
    PrivateKeyJwt {
        /// The client's name.
        client_id: String,
        /// The key.
        key: Arc<AssertionKey>,
    },
}

impl ClientAuth {
    /// The client's name, if it has one.
    pub(super) fn client_id(&self) -> Option<&str> {
        match self {
            Self::None { client_id } => client_id.as_deref(),
            Self::Basic { client_id, .. }
            | Self::Post { client_id, .. }
            | Self::PrivateKeyJwt { client_id, .. } => Some(client_id),
            Self::Bearer { .. } => None,
        }
    }

    /// Writes who we are into a request to an endpoint of `issuer`.
    pub(super) fn write(
        &self,
        issuer: &str,
        ambient: &Ambient,
        headers: &mut HeaderMap,
        form: &mut Serializer<'_, String>,
    ) -> Result<(), IntrospectionError> {
        match self {
            Self::None { client_id: None } => {}
            Self::None { client_id: Some(client_id) } => {
                form.append_pair("client_id", client_id);
            }
            Self::Basic { client_id, secret } => authorize(headers, "Basic", &basic(client_id, secret))?,
            Self::Post { client_id, secret } => {
                form.append_pair("client_id", client_id).append_pair("client_secret", secret.expose());
            }
            Self::Bearer { key } => authorize(headers, "Bearer", key.expose())?,
            Self::PrivateKeyJwt { client_id, key } => {
                let assertion = key.assertion(client_id, issuer, ambient)?;
                form.append_pair("client_id", client_id)
                    .append_pair("client_assertion_type", JWT_BEARER)
                    .append_pair("client_assertion", &assertion);
            }
        }
        Ok(())
    }
}

/// Name and secret (RFC 6749 §2.3.1).
fn basic(client_id: &str, secret: &SecretText) -> String {
    STANDARD.encode(format!("{}:{}", client_basic::part(client_id), client_basic::part(secret.expose())))
}

fn authorize(headers: &mut HeaderMap, scheme: &str, credentials: &str) -> Result<(), IntrospectionError> {
    let mut value =
        HeaderValue::from_str(&format!("{scheme} {credentials}")).map_err(|_| IntrospectionError::Sign)?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(client: &ClientAuth) -> (Option<String>, String) {
        let (mut headers, mut form) = (HeaderMap::new(), Serializer::new(String::new()));
        client.write("https://as.example", &Ambient::system(), &mut headers, &mut form).unwrap();
        let header = headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        (header, form.finish())
    }

    #[test]
    fn rfc6749_2_3_1_name_and_secret_are_form_encoded_before_base64() {
        let (client_id, secret) = ("urn:a b".to_owned(), SecretText::new("p:ä+%&"));
        let (header, form) = written(&ClientAuth::Basic { client_id, secret });
        let encoded = header.unwrap();
        let decoded = STANDARD.decode(encoded.strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), "urn%3Aa%20b:p%3A%C3%A4%2B%25%26");
        assert_eq!(form, "");
    }

    #[test]
    fn each_way_writes_header_or_form_and_never_both() {
        let secret = || SecretText::new("s&1");
        let client_id = || "rs".to_owned();
        assert_eq!(written(&ClientAuth::None { client_id: None }), (None, String::new()));
        assert_eq!(
            written(&ClientAuth::None { client_id: Some(client_id()) }),
            (None, "client_id=rs".into())
        );
        let post = ClientAuth::Post { client_id: client_id(), secret: secret() };
        assert_eq!(written(&post), (None, "client_id=rs&client_secret=s%261".into()));
        assert_eq!(
            written(&ClientAuth::Bearer { key: secret() }),
            (Some("Bearer s&1".into()), String::new())
        );
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = || SecretText::new("hunter2");
        for client in [
            ClientAuth::Basic { client_id: "rs".into(), secret: secret() },
            ClientAuth::Post { client_id: "rs".into(), secret: secret() },
            ClientAuth::Bearer { key: secret() },
        ] {
            assert!(!format!("{client:?}").contains("hunter2"));
        }
    }
}
