//! `POST /par`: a client sends its authorization request itself, and gets a name for it (RFC 9126).

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{Extensions, HeaderMap, StatusCode};
use mcp_auth_runtime::facade::{ProofError, TokenProof};
use mcp_auth_store::{Client, ClientCredential, GrantType, StoreError};
use serde_json::{Value, json};

use super::authorize::{EXPIRES_IN, Pushed, Refused, Untrusted, before_push};
use super::token::{self, authenticate};
use crate::issuer::{ClientError, Issuer};
use crate::observe::authorization::{PushRefused, RequestPushed};
use crate::observe::{Event as _, Reason};
use crate::rate_limit::{RateLimit, TooSoon};
use crate::request::Params;
use crate::request::address::client_address;
use crate::request::body::form;
use crate::request::oauth_error::{NO_STORE, OAuthError};

/// What authenticates a client, and is not a part of the request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Why a pushed request is refused. No variant holds a secret.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// The form, or who sent it.
    #[error(transparent)]
    Client(#[from] token::Refusal),
    #[error("requests are pushed too often")]
    TooOften { retry_after: u64 },
    #[error("parameter request_uri is not allowed here")]
    RequestUri,
    #[error("dpop_jkt is another key than the proof's")]
    OtherKey,
    #[error(transparent)]
    RedirectUri(#[from] Untrusted),
    #[error(transparent)]
    Request(#[from] Refused),
}

/// `POST /par`
pub(super) async fn post(
    State(issuer): State<Arc<Issuer>>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (address, mut known) = (client_address(&extensions), None);
    match push(&issuer, (&headers, address), body, &mut known).await {
        Ok(pushed) => (StatusCode::CREATED, [(CACHE_CONTROL, NO_STORE)], axum::Json(pushed)).into_response(),
        Err(refusal) => {
            let client_id = known.as_deref();
            let tell = |reason: Reason<'_>| PushRefused { client_id, address, reason }.happened();
            match &refusal {
                Refusal::Client(refusal) => refusal.tell(tell),
                refusal => tell(Reason::Refused(refusal)),
            }
            OAuthError::from(&refusal).into_response()
        }
    }
}

async fn push(
    issuer: &Issuer,
    (headers, from): (&HeaderMap, Option<IpAddr>),
    body: Body,
    known: &mut Option<String>,
) -> Result<Value, Refusal> {
    let params = form(headers, body).await.map_err(token::Refusal::Body)?;
    if let Some(name) = params.repeated() {
        return Err(token::Refusal::Repeated(name.to_owned()).into());
    }
    let client = sender(issuer, (headers, from), &params).await?;
    *known = Some(client.id.clone());
    count(issuer, &client).await?;
    if !client.may(GrantType::AuthorizationCode) {
        return Err(token::Refusal::UnauthorizedClient.into());
    }
    // RFC 9126 §2.1.
    if params.count("request_uri") > 0 {
        return Err(Refusal::RequestUri);
    }
    let params = params.without(&CREDENTIALS).without(&["client_id"]).with("client_id", &client.id);
    let proof = issuer.push_proofs.read(headers, issuer.now()).map_err(token::Refusal::Proof)?;
    let params = bound_to(params, proof.as_ref())?;
    before_push::<Refusal>(issuer, &client, &params)?;
    if let Some(proof) = proof
        && !proof.is_first(&issuer.store, issuer.now()).await?
    {
        return Err(token::Refusal::Proof(ProofError::Used).into());
    }
    let request_uri = Pushed::keep(issuer, &client.id, &params).await.map_err(token::Refusal::Store)?;
    RequestPushed { client_id: &client.id, address: from }.happened();
    Ok(json!({ "request_uri": request_uri, "expires_in": EXPIRES_IN }))
}

/// The request, whose code is bound to the key of the proof that came with it (RFC 9449 §10.1).
fn bound_to(params: Params, proof: Option<&TokenProof>) -> Result<Params, Refusal> {
    let Some(jkt) = proof.map(TokenProof::jkt) else { return Ok(params) };
    match params.get("dpop_jkt") {
        Some(named) if named != jkt => Err(Refusal::OtherKey),
        Some(_) => Ok(params),
        None => Ok(params.without(&["dpop_jkt"]).with("dpop_jkt", &jkt)),
    }
}

/// The client that sent it, which authenticates as at the token endpoint. A public client that describes itself may be one that nobody has
/// allowed anything yet, as at the authorization endpoint: its description is fetched.
///
/// Who proves nothing is counted by address before anything else is done for them: anybody can send requests of a public client, and would
/// use up what that client may push.
async fn sender(
    issuer: &Issuer,
    (headers, from): (&HeaderMap, Option<IpAddr>),
    params: &Params,
) -> Result<Client, Refusal> {
    let has_credential = headers.contains_key(http::header::AUTHORIZATION)
        || CREDENTIALS.into_iter().any(|credential| params.count(credential) > 0);
    if !has_credential {
        let limit = RateLimit::of_address(from, issuer.pushes.of_an_address, |network| {
            format!("issuer-pushed-requests address {network}")
        });
        limit.count(&issuer.store, issuer.now()).await??;
    }
    let id = params.get("client_id").filter(|id| issuer.describes_itself(id));
    let Some(id) = id.filter(|_| !has_credential) else {
        return Ok(authenticate(issuer, (headers, from), params).await?.client);
    };
    match issuer.client(id).await {
        Ok(Some(client)) if client.credential == ClientCredential::None => Ok(client),
        Ok(_) => Err(token::Refusal::Client("the client has to authenticate").into()),
        Err(ClientError::Document(error)) => Err(token::Refusal::Document(error).into()),
        Err(ClientError::Store(error)) => Err(token::Refusal::Store(error).into()),
    }
}

/// Counts one request: of a client that somebody allowed something under its name, of all the others together, so that strangers use up
/// nothing of known clients.
async fn count(issuer: &Issuer, client: &Client) -> Result<(), Refusal> {
    let is_known = issuer.store.consents().any(&client.id).await?;
    let limit = match is_known {
        true => {
            let by_client = format!("issuer-pushed-requests client {}", client.id);
            RateLimit::of(by_client, issuer.pushes.of_a_client)
        }
        false => RateLimit::of("issuer-pushed-requests", issuer.pushes.of_strangers),
    };
    Ok(limit.count(&issuer.store, issuer.now()).await??)
}

impl From<TooSoon> for Refusal {
    fn from(TooSoon { retry_after }: TooSoon) -> Self {
        Self::TooOften { retry_after }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Client(token::Refusal::Store(error))
    }
}

/// RFC 9126 §2.3.
impl From<&Refusal> for OAuthError {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Client(refusal) => refusal.into(),
            Refusal::TooOften { retry_after } => Self {
                retry_after: Some(*retry_after),
                ..Self::bad_request("temporarily_unavailable", "too many requests; try again later")
                    .with_status(StatusCode::TOO_MANY_REQUESTS)
            },
            Refusal::RequestUri => Self::bad_request("invalid_request", "request_uri is not allowed here"),
            Refusal::OtherKey => {
                Self::bad_request("invalid_request", "dpop_jkt is another key than that of the DPoP proof")
            }
            Refusal::RedirectUri(_) => Self::bad_request(
                "invalid_request",
                "redirect_uri is missing or not registered for the client",
            ),
            Refusal::Request(refused) => {
                let (code, description) = refused.wire();
                Self::bad_request(code, description)
            }
        }
    }
}
