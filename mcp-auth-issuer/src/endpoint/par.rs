//! `POST /par`: a client sends its authorization request itself, and gets a name for it (RFC 9126).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use mcp_auth_runtime::facade::{ProofError, TokenProof};
use mcp_auth_store::{Client, ClientCredential, GrantType, StoreError};
use serde_json::{Value, json};

use super::authorize::{self, EXPIRES_IN, Pushed, Untrusted, before_push};
use super::client_request::{self, ClientRequest, NotAuthenticated, Refused, answer, may_use};
use crate::client::assertion::{Strangers, named_by};
use crate::issuer::{ClientError, Issuer};
use crate::observe::authorization::{PushRefused, RequestPushed};
use crate::observe::{Event as _, Reason};
use crate::rate_limit::{RateLimit, TooSoon};
use crate::request::Params;
use crate::request::body::InvalidBody;
use crate::request::oauth_error::OAuthError;

/// What authenticates a client, and is not a part of the request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Why a pushed request is refused. No variant holds a secret.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// The form, or who sent it.
    #[error(transparent)]
    Client(#[from] client_request::Refusal),
    #[error("requests are pushed too often")]
    TooOften { retry_after: u64 },
    #[error("parameter request_uri is not allowed here")]
    RequestUri,
    #[error("dpop_jkt is another key than the proof's")]
    OtherKey,
    #[error(transparent)]
    RedirectUri(#[from] Untrusted),
    #[error(transparent)]
    Request(#[from] authorize::Refused),
}

/// `POST /par`
pub(super) async fn post(State(issuer): State<Arc<Issuer>>, mut request: ClientRequest) -> Response {
    match push(&issuer, &mut request).await {
        Ok(pushed) => answer(StatusCode::CREATED, pushed),
        Err(refusal) => request.refused(&refusal, |client_id, address, reason| {
            PushRefused { client_id, address, reason }.happened();
        }),
    }
}

/// The steps in their order.
async fn push(issuer: &Issuer, request: &mut ClientRequest) -> Result<Value, Refusal> {
    let params = request.form().await?;
    let client = sender(issuer, request, &params).await?;
    count(issuer, &client).await?;
    may_use(&client, GrantType::AuthorizationCode)?;
    names_no_other_request(&params)?;
    let params = authorization_request(&params, &client);
    let proof =
        issuer.push_proofs.read(&request.headers, issuer.now()).map_err(client_request::Refusal::Proof)?;
    let params = bound_to(params, proof.as_ref())?;
    before_push::<Refusal>(issuer, &client, &params)?;
    use_up(issuer, proof).await?;
    let request_uri = Pushed::keep(issuer, &client.id, &params).await?;

    RequestPushed { client_id: &client.id, address: request.address }.happened();
    Ok(json!({ "request_uri": request_uri, "expires_in": EXPIRES_IN }))
}

/// A request that is pushed names no other one (RFC 9126 §2.1).
fn names_no_other_request(params: &Params) -> Result<(), Refusal> {
    match params.count("request_uri") {
        0 => Ok(()),
        _ => Err(Refusal::RequestUri),
    }
}

/// The authorization request in it: all but what authenticates the client, which is named once.
fn authorization_request(params: &Params, client: &Client) -> Params {
    params.without(&CREDENTIALS).without(&["client_id"]).with("client_id", &client.id)
}

/// Uses up the proof that came with it.
async fn use_up(issuer: &Issuer, proof: Option<TokenProof>) -> Result<(), Refusal> {
    match proof {
        Some(proof) if !proof.is_first(&issuer.store, issuer.now()).await? => {
            Err(client_request::Refusal::Proof(ProofError::Used).into())
        }
        Some(_) | None => Ok(()),
    }
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

/// The client that sent it, which authenticates as at the token endpoint. One that describes itself may be one that nobody has allowed
/// anything yet, as at the authorization endpoint: its description is fetched.
///
/// Who proves nothing is counted by address before anything else is done for them: anybody can send requests of a public client, and would
/// use up what that client may push. So is who may prove something only after something is fetched for them.
async fn sender(issuer: &Issuer, request: &mut ClientRequest, params: &Params) -> Result<Client, Refusal> {
    let has_credential = request.headers.contains_key(http::header::AUTHORIZATION)
        || CREDENTIALS.into_iter().any(|credential| params.count(credential) > 0);
    let strangers = strangers(issuer, params).await?;
    if !has_credential || strangers == Strangers::LookedFor {
        let limit = RateLimit::of_address(request.address, issuer.pushes.of_an_address, |network| {
            format!("issuer-pushed-requests address {network}")
        });
        limit.count(&issuer.store, issuer.now()).await??;
    }
    let id = params.get("client_id").filter(|id| issuer.describes_itself(id));
    let Some(id) = id.filter(|_| !has_credential) else {
        return Ok(request.client_or(strangers, issuer, params).await?.client);
    };
    match issuer.client_from(request.address, id).await {
        Ok(Some(client)) if client.credential == ClientCredential::None => {
            request.is_from(&client.id);
            Ok(client)
        }
        Ok(_) => Err(client_request::Refusal::Client(NotAuthenticated::NeedsCredential).into()),
        Err(ClientError::Document(error)) => Err(client_request::Refusal::Document(error).into()),
        Err(ClientError::Store(error)) => Err(client_request::Refusal::Store(error).into()),
    }
}

/// Whether the assertion is of a client that describes itself, and that nobody has allowed anything yet.
async fn strangers(issuer: &Issuer, params: &Params) -> Result<Strangers, StoreError> {
    let id = params.get("client_assertion").and_then(named_by);
    match id.filter(|id| issuer.describes_itself(id)) {
        Some(id) if !issuer.is_known(&id).await? => Ok(Strangers::LookedFor),
        Some(_) | None => Ok(Strangers::Unknown),
    }
}

/// Counts one request: of a client that the operator registered, or that somebody allowed something, under its name; of all the others together,
/// so that strangers use up nothing of known clients.
async fn count(issuer: &Issuer, client: &Client) -> Result<(), Refusal> {
    let limit = match issuer.is_known(&client.id).await? {
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

impl From<InvalidBody> for Refusal {
    fn from(error: InvalidBody) -> Self {
        Self::Client(client_request::Refusal::Body(error))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Client(client_request::Refusal::Store(error))
    }
}

impl Refused for Refusal {
    fn tell(&self, tell: impl FnOnce(Reason<'_>)) {
        match self {
            Self::Client(refusal) => refusal.tell(tell),
            refusal => tell(Reason::Refused(refusal)),
        }
    }

    /// RFC 9126 §2.3.
    fn error(&self) -> OAuthError {
        match self {
            Self::Client(refusal) => refusal.error(),
            Self::TooOften { retry_after } => OAuthError::too_often(*retry_after),
            Self::RequestUri => {
                OAuthError::bad_request("invalid_request", "request_uri must not be sent to this endpoint")
            }
            Self::OtherKey => OAuthError::bad_request(
                "invalid_request",
                "dpop_jkt must be the thumbprint of the key of the DPoP proof",
            ),
            Self::RedirectUri(_) => OAuthError::bad_request(
                "invalid_request",
                "redirect_uri must be sent once, and be one that the client registered, byte for byte",
            ),
            Self::Request(refused) => {
                let (code, description) = refused.wire();
                OAuthError::bad_request(code, description)
            }
        }
    }
}
