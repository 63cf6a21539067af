//! Dynamic client registration (RFC 7591): any client may register, but it gets no access until a person allows it. Public clients that
//! say the same about themselves are one client.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Arrival, Client, ClientCredential, SecretHash, StoreError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::redirect_uri::{InvalidRedirectUri, RedirectUri};
use crate::issuer::Issuer;
use crate::request::body::{self, InvalidBody};
use crate::request::oauth_error::{NO_STORE, OAuthError};
use crate::secret::{identifier, secret};

/// What the store counts registrations under, those of all clients together: a stranger has no name to count under.
const COUNTER: &str = "issuer-registrations";
const MICROS_PER_SECOND: u64 = 1_000_000;
/// The longest registration request, in bytes.
const MAX_BODY: usize = 32 * 1024;
const MAX_REDIRECT_URIS: usize = 16;
/// The most characters of a client's name that are kept.
const MAX_NAME: usize = 200;

/// Client metadata (RFC 7591 §2). Members that are not listed here are ignored, as that section says, above all
/// `scope`, because clients register with the scope of the first challenge and step up to more later.
#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    client_name: Option<String>,
}

/// Client metadata that was checked against the rules.
struct Registration {
    redirect_uris: Vec<RedirectUri>,
    auth_method: &'static str,
    refresh: bool,
    name: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("registrations are too frequent")]
    TooOften { retry_after: u64 },
    #[error(transparent)]
    Body(#[from] InvalidBody),
    #[error("no client metadata: {0}")]
    Json(#[from] serde_json::Error),
    #[error("no redirect_uris")]
    NoRedirectUri,
    #[error("{0} redirect URIs")]
    TooManyRedirectUris(usize),
    #[error("redirect URI {index}: {source}")]
    RedirectUri { index: usize, source: InvalidRedirectUri },
    #[error("token_endpoint_auth_method is not supported")]
    AuthMethod,
    #[error("grant_types without authorization_code")]
    GrantTypes,
    #[error("response_types without code")]
    ResponseTypes,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// `POST /register`
pub(super) async fn post(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Body) -> Response {
    match register(&issuer, &headers, body).await {
        Ok(document) => {
            (StatusCode::CREATED, [(CACHE_CONTROL, NO_STORE)], axum::Json(document)).into_response()
        }
        Err(refusal) => {
            refusal.log();
            OAuthError::from(&refusal).into_response()
        }
    }
}

async fn register(issuer: &Issuer, headers: &HeaderMap, body: Body) -> Result<Value, Refusal> {
    let now = issuer.now();
    count(issuer, now).await?;
    let body = body::bounded(headers, body, "application/json", MAX_BODY).await?;
    let registration = Registration::try_from(serde_json::from_slice::<Metadata>(&body)?)?;

    let random = &*issuer.ambient.random;
    // The prefix ensures that an identifier never looks like the URL of a client metadata document.
    let id = format!("client_{}", identifier(random));
    let secret = (registration.auth_method != "none").then(|| secret(random));
    // One with a secret is new each time: nobody else may be given it.
    let alike = secret.is_none().then(|| registration.alike());
    let client = Client {
        id,
        name: registration.name.clone(),
        redirect_uris: registration.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
        grant_types: Client::for_people(registration.refresh),
        scopes: ScopeSet::default(),
        credential: match &secret {
            Some(secret) => ClientCredential::Secret(SecretHash::of(secret)),
            None => ClientCredential::None,
        },
        registered_at: now,
        registration_token: None,
    };
    let client = issuer.store.clients().register(client, alike, now).await?;
    tracing::info!(
        client_id = %client.id, client_name = ?client.name, redirect_uris = ?registration.redirect_uris,
        auth_method = registration.auth_method, "client registered"
    );
    Ok(registration.document(&client.id, secret.as_deref(), client.registered_at))
}

/// Counts one registration, whatever becomes of it.
async fn count(issuer: &Issuer, now: u64) -> Result<(), Refusal> {
    let now = now.saturating_mul(MICROS_PER_SECOND);
    match issuer.store.counters().arrive(COUNTER, issuer.registrations, now).await? {
        Arrival::Conforms => Ok(()),
        // Rounded up: a client that waits so long is let in.
        Arrival::TooSoon { wait } => {
            Err(Refusal::TooOften { retry_after: wait.div_ceil(MICROS_PER_SECOND).max(1) })
        }
    }
}

impl TryFrom<Metadata> for Registration {
    type Error = Refusal;

    fn try_from(metadata: Metadata) -> Result<Self, Refusal> {
        let redirect_uris = match metadata.redirect_uris.len() {
            0 => return Err(Refusal::NoRedirectUri),
            1..=MAX_REDIRECT_URIS => metadata.redirect_uris.iter().enumerate(),
            many => return Err(Refusal::TooManyRedirectUris(many)),
        };
        let redirect_uris = redirect_uris
            .map(|(index, uri)| uri.parse().map_err(|source| Refusal::RedirectUri { index, source }))
            .collect::<Result<_, _>>()?;
        let auth_method = match metadata.token_endpoint_auth_method.as_deref() {
            Some("none") => "none",
            // If it is absent, this is the default (RFC 7591 §2).
            Some("client_secret_basic") | None => "client_secret_basic",
            Some("client_secret_post") => "client_secret_post",
            Some(_) => return Err(Refusal::AuthMethod),
        };
        // Grant types that are not supported, or not for clients that registered themselves, are left out of the
        // answer (RFC 7591 §3.2.1 allows this). A client that names no grant types gets refresh tokens too.
        let refresh = match &metadata.grant_types {
            Some(grants) if !contains(grants, "authorization_code") => return Err(Refusal::GrantTypes),
            Some(grants) => contains(grants, "refresh_token"),
            None => true,
        };
        if metadata.response_types.is_some_and(|types| !contains(&types, "code")) {
            return Err(Refusal::ResponseTypes);
        }
        let name = metadata.client_name.map(|name| name.chars().take(MAX_NAME).collect());
        Ok(Self { redirect_uris, auth_method, refresh, name })
    }
}

fn contains(values: &[String], wanted: &str) -> bool {
    values.iter().any(|value| value == wanted)
}

impl Registration {
    /// What is equal for clients that say the same about themselves: all that is kept, without the order of redirect URIs and the ports of
    /// those on loopback, which mean nothing (RFC 8252 §7.3). Hosted clients register each time they connect, for each of their users.
    fn alike(&self) -> SecretHash {
        let mut redirect_uris: Vec<_> = self.redirect_uris.iter().map(RedirectUri::without_port).collect();
        redirect_uris.sort();
        redirect_uris.dedup();
        SecretHash::of(&json!([self.name, self.refresh, redirect_uris]).to_string())
    }

    /// Client information (RFC 7591 §3.2.1): the values as registered, which may differ from the request.
    fn document(&self, id: &str, secret: Option<&str>, now: u64) -> Value {
        let grant_types: &[_] =
            if self.refresh { &["authorization_code", "refresh_token"] } else { &["authorization_code"] };
        let mut document = json!({
            "client_id": id,
            "client_id_issued_at": now,
            "redirect_uris": self.redirect_uris,
            "token_endpoint_auth_method": self.auth_method,
            "grant_types": grant_types,
            "response_types": ["code"],
        });
        if let Some(name) = &self.name {
            document["client_name"] = json!(name);
        }
        if let Some(secret) = secret {
            document["client_secret"] = json!(secret);
            document["client_secret_expires_at"] = json!(0);
        }
        document
    }
}

impl Refusal {
    /// Logs the refusal for the operator.
    fn log(&self) {
        match self {
            Self::Store(error) => tracing::error!(cause = ?error.cause(), "client registration failed"),
            refusal => tracing::warn!(reason = %refusal, "client registration refused"),
        }
    }
}

impl From<&Refusal> for OAuthError {
    fn from(refusal: &Refusal) -> Self {
        let metadata = |why: &'static str| Self::bad_request("invalid_client_metadata", why);
        match refusal {
            Refusal::TooOften { retry_after } => Self {
                status: StatusCode::TOO_MANY_REQUESTS,
                code: "temporarily_unavailable",
                description: "too many registrations; try again later".into(),
                retry_after: Some(*retry_after),
            },
            Refusal::Body(InvalidBody::TooLong(_)) => {
                metadata("the client metadata is too long").with_status(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Refusal::Body(InvalidBody::ContentType(_)) => metadata("client metadata is application/json"),
            Refusal::Body(InvalidBody::NotUtf8 | InvalidBody::Params(_)) | Refusal::Json(_) => {
                metadata("client metadata is one JSON object with members of the types in RFC 7591 section 2")
            }
            Refusal::NoRedirectUri => Self::bad_request("invalid_redirect_uri", "redirect_uris is missing"),
            Refusal::TooManyRedirectUris(_) => {
                Self::bad_request("invalid_redirect_uri", "at most 16 redirect URIs")
            }
            Refusal::RedirectUri { source, .. } => {
                Self::bad_request("invalid_redirect_uri", source.to_string())
            }
            Refusal::AuthMethod => {
                metadata("token_endpoint_auth_method is none, client_secret_basic or client_secret_post")
            }
            Refusal::GrantTypes => metadata("grant_types must contain authorization_code"),
            Refusal::ResponseTypes => metadata("response_types must contain code"),
            Refusal::Store(_) => Self::store_unavailable(),
        }
    }
}
