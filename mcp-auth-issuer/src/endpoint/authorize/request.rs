//! The authorization request (OAuth 2.1 §4.1.1), read from the query. It is verified in the order that decides who
//! may be told of a mistake: first client and redirect URI, then everything else.

use axum::response::Response;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Client, SecretHash};

use super::login::LoginAsked;
use super::refusal::{Refusal, Refused, Untrusted};
use super::response::Answer;
use crate::client::redirect_uri::{Destination, admits, destination};
use crate::endpoint::login_step::LoginStep;
use crate::endpoint::path::AUTHORIZE;
use crate::issuer::{ClientError, Issuer};
use crate::person::Asked;
use crate::request::Params;

/// The longest query, in bytes; it has room for a long `state`.
const MAX_QUERY: usize = 16 * 1024;

/// An authorization request that follows every rule.
pub(super) struct AuthorizationRequest {
    pub(super) client: Client,
    /// The redirect URI, `state` and `iss` for the answer to the client.
    pub(super) answer: Answer,
    /// The PKCE `code_challenge`; its method is S256.
    pub(super) code_challenge: String,
    /// Declared scopes only; the default scopes if the request has none.
    pub(super) scopes: ScopeSet,
    /// `prompt=none`: the client does not want a page to be shown.
    pub(super) no_interaction: bool,
    /// Which login it asks for.
    pub(super) login: LoginAsked,
    /// The whole request in its canonical spelling, and what the page says of the client: a client may describe itself otherwise a moment
    /// later, and what a person answers is an answer to what they saw.
    pub(super) shown: String,
    /// The URL of this request, relative to the origin.
    pub(super) url: String,
}

impl AuthorizationRequest {
    /// Reads and verifies `query`.
    ///
    /// # Errors
    /// [`Refusal::Untrusted`] until it is verified that client and redirect URI belong together, then
    /// [`Refusal::of`].
    pub(super) async fn read(issuer: &Issuer, query: &str) -> Result<Self, Refusal> {
        if query.len() > MAX_QUERY {
            return Err(Untrusted::TooLong.into());
        }
        let params = Params::parse(query).map_err(Untrusted::Unreadable)?;
        let client = client(issuer, &params).await?;
        let redirect_uri = redirect_uri(issuer, &client, &params)?;
        // A repeated `state` has no single value that could be sent back.
        let state = params.get("state").filter(|_| params.count("state") == 1).map(str::to_owned);
        let of_client = (&client.name, &redirect_uri, &client.grant_types);
        let shown = format!("{}\n{of_client:?}", params.canonical());
        let answer = Answer { redirect_uri, state, iss: issuer.origin.as_str().to_owned() };
        match verify(issuer, &params) {
            Ok((code_challenge, scopes, login)) => Ok(Self {
                client,
                answer,
                code_challenge,
                scopes,
                no_interaction: params.get("prompt") == Some("none"),
                login,
                url: format!("{AUTHORIZE}?{}", params.canonical()),
                shown,
            }),
            Err(refused) => Err(Refusal::of(issuer, &client, answer, refused).await),
        }
    }

    /// The person logs in for this request.
    pub(super) fn login_step(&self) -> LoginStep<'_> {
        LoginStep {
            is_asked: true,
            client_id: Some(&self.client.id),
            client: Some(&self.client),
            asked: Asked::default(),
            then: "Logging in gives it nothing yet. The next page shows what it asks for, and you decide.",
            refuse: "Cancel and go back",
            url: &self.url,
            request: &self.shown,
        }
    }

    /// What names this request, and no other.
    pub(super) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.shown)
    }

    /// The answer to `prompt=none` (OpenID Connect Core 1.0 §3.1.2.6), which cannot be granted because a person is
    /// always asked.
    pub(super) async fn needs_interaction(&self, issuer: &Issuer, logged_in: bool) -> Refusal {
        let refused = if logged_in { Refused::ConsentRequired } else { Refused::LoginRequired };
        Refusal::of(issuer, &self.client, self.answer.clone(), refused).await
    }

    /// The answer to a person's "no".
    pub(super) fn denied(&self) -> Response {
        self.answer.error("access_denied", "the user denied the request")
    }

    /// The same for one who did not log in, and so has not seen to which address the answer goes. A web site that no
    /// person ever allowed anything may be any site (RFC 9700 §4.11.2); a program of this computer, or an app on it, is
    /// where the person comes from.
    pub(super) async fn denied_before_login(&self, issuer: &Issuer) -> Result<Response, Refusal> {
        match destination(&self.answer.redirect_uri) {
            Destination::Web(host) if !issuer.store.consents().any(&self.client.id).await? => {
                Err(Untrusted::Denied { host }.into())
            }
            Destination::Web(_) | Destination::ThisComputer(_) | Destination::App(_) => Ok(self.denied()),
        }
    }
}

async fn client(issuer: &Issuer, params: &Params) -> Result<Client, Refusal> {
    if params.count("client_id") > 1 {
        return Err(Untrusted::Repeated("client_id").into());
    }
    let id = params.get("client_id").ok_or(Untrusted::NoClient)?;
    match issuer.client(id).await {
        Ok(client) => Ok(client.ok_or(Untrusted::UnknownClient)?),
        Err(ClientError::Document(why)) => {
            let page = format!("{AUTHORIZE}?{}", params.canonical());
            Err(Untrusted::Document { client_id: id.to_owned(), why, page }.into())
        }
        Err(ClientError::Store(error)) => Err(error.into()),
    }
}

/// The redirect URI as the client sent it, or the only registered one if it sent none (OAuth 2.1 §4.1.1).
fn redirect_uri(issuer: &Issuer, client: &Client, params: &Params) -> Result<String, Untrusted> {
    if params.count("redirect_uri") > 1 {
        return Err(Untrusted::Repeated("redirect_uri"));
    }
    match (params.get("redirect_uri"), client.redirect_uris.as_slice()) {
        (Some(presented), registered) if registered.iter().any(|uri| admits(uri, presented)) => {
            Ok(presented.to_owned())
        }
        (Some(presented), _) => Err(Untrusted::RedirectUri { presented: presented.to_owned() }),
        // A client that describes itself may list another one by the time that the code is sent.
        (None, [only]) if !issuer.describes_itself(&client.id) => Ok(only.clone()),
        (None, _) => Err(Untrusted::NoRedirectUri),
    }
}

/// Verifies everything whose mistakes the client is told of. Returns the code challenge, the scopes and the login.
fn verify(issuer: &Issuer, params: &Params) -> Result<(String, ScopeSet, LoginAsked), Refused> {
    if let Some(name) = params.repeated() {
        return Err(Refused::Repeated(name.to_owned()));
    }
    // Request objects, by value or reference (RFC 9101), and OpenID's `claims` are not supported: they are refused
    // and never fetched.
    for (name, code) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
        ("claims", "invalid_request"),
    ] {
        if params.count(name) > 0 {
            return Err(Refused::Unsupported { name, code });
        }
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(Refused::ResponseType),
        None => return Err(Refused::Missing("response_type")),
    }
    if params.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(Refused::ResponseMode);
    }
    let code_challenge = code_challenge(params)?;
    match (params.count("resource"), params.get("resource")) {
        (0, _) => {}
        (1, Some(resource)) if issuer.resource.is_named_by(resource) => {}
        _ => {
            return Err(Refused::Resource { ours: Box::new(issuer.resource.clone()) });
        }
    }
    let requested = issuer.scopes.requested(params.get("scope")).map_err(Refused::Scope)?;
    let login = LoginAsked::read(params)?;
    Ok((code_challenge, requested.unwrap_or_else(|| issuer.scopes.default().clone()), login))
}

/// PKCE (RFC 7636 §4.3) is required for every client, with S256, because the default method, `plain`, protects
/// nothing.
fn code_challenge(params: &Params) -> Result<String, Refused> {
    let challenge = params.get("code_challenge").ok_or(Refused::Missing("code_challenge"))?;
    if params.get("code_challenge_method") != Some("S256") {
        return Err(Refused::ChallengeMethod);
    }
    if BASE64_URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|digest| digest.len() == 32) {
        Ok(challenge.to_owned())
    } else {
        Err(Refused::Challenge)
    }
}
