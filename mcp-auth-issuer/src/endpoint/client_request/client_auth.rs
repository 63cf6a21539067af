//! Client authentication (OAuth 2.1 §2.4): by `Authorization: Basic`, by `client_secret` in the form, by an assertion, or, for public
//! clients, by `client_id` alone.

use std::net::IpAddr;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use mcp_auth_store::{Client, ClientCredential, SecretHash};

use super::Refusal;
use super::cause::NotAuthenticated;
use super::guess::Guess;
use crate::client::assertion::{ClientKey, Failed, Presented, Strangers};
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

/// Identifies and authenticates the client that sent this request, from this address. Of `strangers`, only one that authenticates by a key
/// is looked for: no client that describes itself has a secret.
///
/// # Errors
/// [`Refusal::Client`] with a cause that is logged, but not sent to the client; [`Refusal::TooOften`].
pub(crate) async fn authenticate(
    issuer: &Issuer,
    (headers, from): (&HeaderMap, Option<IpAddr>),
    params: &Params,
    strangers: Strangers,
) -> Result<Authenticated, Refusal> {
    let has_basic = basic(headers)?;
    if params.count("client_assertion") > 0 || params.count("client_assertion_type") > 0 {
        if has_basic.is_some() || params.count("client_secret") > 0 {
            return Err(NotAuthenticated::TwoWays.into());
        }
        let presented = Presented {
            kind: params.get("client_assertion_type"),
            assertion: params.get("client_assertion"),
            client_id: params.get("client_id"),
            strangers,
            from,
        };
        return match presented.authenticate(issuer).await {
            Ok((client, key)) => Ok(Authenticated { client, key: Some(key) }),
            Err(Failed::Refused(why)) => Err(Refusal::Assertion(why)),
            Err(Failed::TooOften { retry_after }) => Err(Refusal::TooOften { retry_after }),
            Err(Failed::Client(error)) => Err(error.into()),
        };
    }
    let client = by_secret(issuer, has_basic, params, from).await?;
    Ok(Authenticated { client, key: None })
}

/// By its secret, or a public client by its identifier alone.
async fn by_secret(
    issuer: &Issuer,
    basic: Option<Basic>,
    params: &Params,
    from: Option<IpAddr>,
) -> Result<Client, Refusal> {
    let in_form = params.get("client_secret").map(str::to_owned);
    let meant = match basic {
        None => {
            let id = params.get("client_id").ok_or(NotAuthenticated::NoClientId)?;
            vec![(id.to_owned(), in_form)]
        }
        Some(_) if params.count("client_secret") > 0 => return Err(NotAuthenticated::TwoWays.into()),
        Some(Basic { encoded, plain }) => {
            let meant = [encoded, plain].into_iter().flatten();
            meant.map(|(id, secret)| (id, Some(secret))).collect()
        }
    };
    let mut guess = Guess::from(from);
    let (mut is_another, mut wrong) = (None, None);
    for (id, secret) in meant {
        if params.get("client_id").is_some_and(|in_form| in_form != id) {
            is_another = Some(NotAuthenticated::OtherClientId);
            continue;
        }
        let client = issuer.known_client(&id).await?;
        if secret.is_some() {
            guess.tries(client.as_ref());
        }
        match verify(client, secret.as_deref()) {
            // A secret that was made here has 256 random bits and cannot be guessed, so wrong guesses of neighbours do not refuse the right one.
            // Secrets of the configuration may be shorter.
            Ok(client) if !issuer.is_named(&client.id) => return Ok(client),
            Ok(client) => {
                guess.judge(issuer, Some(&client)).await?;
                return Ok(client);
            }
            Err(why) => wrong = wrong.or(Some(why)),
        }
    }
    guess.judge(issuer, None).await?;
    // Of two readings the one says more by which a secret was tried.
    Err(wrong.or(is_another).unwrap_or(NotAuthenticated::NotBasic).into())
}

/// The client, if this is its secret, or if it has none and sent none. Nobody is told before the [guess](Guess) is judged.
fn verify(client: Option<Client>, secret: Option<&str>) -> Result<Client, NotAuthenticated> {
    // A secret is compared even if the client has none, so that the response time does not reveal which clients
    // exist.
    let expected = match client.as_ref().map(|client| &client.credential) {
        Some(ClientCredential::Secret(hash)) => *hash,
        Some(ClientCredential::None | ClientCredential::Keys(_)) | None => SecretHash::from_bytes([0; 32]),
    };
    let matches = expected.matches(secret.unwrap_or_default());
    let client = client.ok_or(NotAuthenticated::Unknown)?;
    match (&client.credential, secret) {
        (ClientCredential::None, None) => Ok(client),
        (ClientCredential::Secret(_), Some(_)) if matches => Ok(client),
        (ClientCredential::None, Some(_)) => Err(NotAuthenticated::PublicWithSecret),
        (ClientCredential::Secret(_), Some(_)) => Err(NotAuthenticated::WrongSecret),
        (ClientCredential::Secret(_), None) => Err(NotAuthenticated::NoSecret),
        (ClientCredential::Keys(_), _) => Err(NotAuthenticated::NeedsKey),
    }
}

/// The identifier and secret of an `Authorization: Basic` header, as they may be meant.
struct Basic {
    /// Each form-encoded inside (OAuth 2.1 §2.4.1). `None` where they cannot be read so.
    encoded: Option<(String, String)>,
    /// As they stand, where that is something else: the TypeScript SDK and many other clients do not encode them.
    plain: Option<(String, String)>,
}

fn basic(headers: &HeaderMap) -> Result<Option<Basic>, Refusal> {
    let malformed = NotAuthenticated::NotBasic;
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next(), values.next()) else {
        return Err(NotAuthenticated::TwoHeaders.into());
    };
    let Some(value) = value else {
        return Ok(None);
    };
    let pair = value.to_str().ok().and_then(|value| value.split_once(' '));
    let sent = pair
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Basic"))
        .and_then(|(_, credential)| BASE64_STANDARD.decode(credential.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let (id, secret) = sent.as_deref().and_then(|text| text.split_once(':')).ok_or(malformed)?;
    let decoded = form_decode(id).ok().zip(form_decode(secret).ok());
    let plain = Some((id.to_owned(), secret.to_owned())).filter(|plain| decoded.as_ref() != Some(plain));
    Ok(Some(Basic { encoded: decoded, plain }))
}
