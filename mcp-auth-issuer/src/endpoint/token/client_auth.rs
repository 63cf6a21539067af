//! Client authentication (OAuth 2.1 §2.4): by `Authorization: Basic`, by `client_secret` in the form, by an assertion, or, for public
//! clients, by `client_id` alone.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use mcp_auth_store::{Client, ClientCredential, SecretHash};

use super::Refusal;
use crate::client::assertion::{ClientKey, Failed, Presented};
use crate::issuer::Issuer;
use crate::request::{Params, form_decode};

/// A client that was authenticated, or a public one that named itself.
pub(crate) struct Authenticated {
    pub(crate) client: Client,
    /// The key that it authenticated by, where it does by one.
    pub(crate) key: Option<ClientKey>,
}

impl Authenticated {
    /// The thumbprint of the key that it authenticated by.
    pub(crate) fn thumbprint(&self) -> Option<String> {
        self.key.as_ref().map(|key| key.thumbprint.clone())
    }
}

impl std::ops::Deref for Authenticated {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Identifies and authenticates the client that sent this request.
///
/// # Errors
/// [`Refusal::Client`] with a cause that is logged, but not sent to the client.
pub(crate) async fn authenticate(
    issuer: &Issuer,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Authenticated, Refusal> {
    let refused = Refusal::Client;
    let has_basic = basic(headers)?;
    if params.count("client_assertion") > 0 || params.count("client_assertion_type") > 0 {
        if has_basic.is_some() || params.count("client_secret") > 0 {
            return Err(refused("authenticates in two ways"));
        }
        let presented = Presented {
            kind: params.get("client_assertion_type"),
            assertion: params.get("client_assertion"),
            client_id: params.get("client_id"),
        };
        return match presented.authenticate(issuer).await {
            Ok((client, key)) => Ok(Authenticated { client, key: Some(key) }),
            Err(Failed::Refused(why)) => Err(Refusal::Assertion(why)),
            Err(Failed::TooOften { retry_after }) => Err(Refusal::TooOften { retry_after }),
            Err(Failed::Client(error)) => Err(error.into()),
        };
    }
    let client = by_secret(issuer, has_basic, params).await?;
    Ok(Authenticated { client, key: None })
}

/// By its secret, or a public client by its identifier alone.
async fn by_secret(
    issuer: &Issuer,
    basic: Option<(String, String)>,
    params: &Params,
) -> Result<Client, Refusal> {
    let refused = Refusal::Client;
    let in_form = params.get("client_secret").map(str::to_owned);
    let (id, secret) = match basic {
        Some(_) if params.count("client_secret") > 0 => return Err(refused("authenticates in two ways")),
        Some((id, secret)) => {
            if params.get("client_id").is_some_and(|in_form| in_form != id) {
                return Err(refused("client_id differs from the Authorization header's"));
            }
            (id, Some(secret))
        }
        None => (params.get("client_id").ok_or(refused("client_id is missing"))?.to_owned(), in_form),
    };
    let client = issuer.known_client(&id).await?;
    // A secret is compared even if the client has none, so that the response time does not reveal which clients
    // exist.
    let expected = match client.as_ref().map(|client| &client.credential) {
        Some(ClientCredential::Secret(hash)) => *hash,
        Some(ClientCredential::None | ClientCredential::Keys(_)) | None => SecretHash::from_bytes([0; 32]),
    };
    let matches = expected.matches(secret.as_deref().unwrap_or_default());
    let Some(client) = client else { return Err(refused("client_id is unknown")) };
    match (&client.credential, secret) {
        (ClientCredential::None, None) => Ok(client),
        (ClientCredential::None, Some(_)) => Err(refused("a public client sent a secret")),
        (ClientCredential::Secret(_), Some(_)) if matches => Ok(client),
        (ClientCredential::Secret(_), Some(_)) => Err(refused("client_secret is wrong")),
        (ClientCredential::Secret(_), None) => Err(refused("client_secret is missing")),
        (ClientCredential::Keys(_), _) => Err(refused("the client authenticates by a key")),
    }
}

/// The identifier and secret of an `Authorization: Basic` header, each form-encoded inside (OAuth 2.1 §2.4.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Refusal> {
    let malformed = Refusal::Client("the Authorization header is not a Basic credential");
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next(), values.next()) else {
        return Err(Refusal::Client("two Authorization headers"));
    };
    let Some(value) = value else {
        return Ok(None);
    };
    let pair = value.to_str().ok().and_then(|value| value.split_once(' '));
    let decoded = pair
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Basic"))
        .and_then(|(_, credential)| BASE64_STANDARD.decode(credential.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let decode = |text: &str| form_decode(text).ok();
    let credential = decoded
        .as_deref()
        .and_then(|text| text.split_once(':'))
        .and_then(|(id, secret)| Some((decode(id)?, decode(secret)?)));
    credential.map(Some).ok_or(malformed)
}
