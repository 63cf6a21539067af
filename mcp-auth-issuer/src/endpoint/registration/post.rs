//! `POST /register` (RFC 7591 §3): a client gets no access by it until a person allows it. Public clients that say the same about themselves
//! are one client.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Client, ClientCredential, ClientKeys, Registered, SecretHash};
use serde_json::Value;

use super::bearer::bearer;
use super::client_metadata::{AuthMethod, Given, Metadata, Registration};
use super::manage::url_of;
use super::refusal::Refusal;
use crate::endpoint::client_request::answer;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::client::{ClientEvicted, ClientRegistered, RegistrationRefused};
use crate::rate_limit::RateLimit;
use crate::request::address::CameFrom;
use crate::request::body;
use crate::secret::{identifier, secret};

/// What the store counts registrations under, those of all strangers together, who have no name to count under. Those of holders of an initial
/// access token have its name behind it.
const COUNTER: &str = "issuer-registrations";
/// The longest registration request, in bytes.
pub(super) const MAX_BODY: usize = 32 * 1024;

/// `POST /register`
pub(in crate::endpoint) async fn post(
    State(issuer): State<Arc<Issuer>>,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match register(&issuer, (&headers, address), body).await {
        Ok(document) => answer(StatusCode::CREATED, document),
        Err(refusal) => {
            refusal.tell(|reason| RegistrationRefused { address, reason }.happened());
            (&refusal).into_response()
        }
    }
}

/// The steps in their order.
async fn register(
    issuer: &Issuer,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    body: Body,
) -> Result<Value, Refusal> {
    let now = issuer.now();
    let shown = initial_token(issuer, headers)?;
    let registration = client_metadata(headers, body).await?;
    keys_may_be_fetched(issuer, &registration)?;
    // One that authenticates, or that shows a token, is new each time: nobody else may be given it, so it may change what is kept of it.
    let is_its_own = registration.auth_method != AuthMethod::None || shown.is_some();
    let alike = (!is_its_own).then(|| registration.alike());
    if !is_known(issuer, alike, now).await? {
        count(issuer, shown, now).await?;
    }
    let secrets = Secrets::of(issuer, &registration, is_its_own);
    let client = client(issuer, &registration, &secrets, now);
    let fresh = client.id.clone();
    let Registered { client, evicted } = issuer.store.clients().register(client, alike, now).await?;

    evicted.iter().for_each(|client_id| ClientEvicted { client_id }.happened());
    // Hosted clients register at each connection: one that is known would fill the log, and says nothing.
    if client.id == fresh {
        ClientRegistered {
            client_id: &client.id,
            client_name: client.name.as_deref(),
            redirect_uris: &client.redirect_uris,
            auth_method: &registration.auth_method.to_string(),
            initial_access_token: shown,
            address,
        }
        .happened();
    }
    Ok(registration.document(&client.id, client.registered_at, &secrets.given(issuer, &client.id)))
}

/// What the client says of itself, in JSON (RFC 7591 §3.1).
async fn client_metadata(headers: &HeaderMap, body: Body) -> Result<Registration, Refusal> {
    let body = body::bounded(headers, body, "application/json", MAX_BODY).await?;
    Registration::try_from(serde_json::from_slice::<Metadata>(&body)?)
}

/// Where its keys are, they are asked for.
pub(super) fn keys_may_be_fetched(issuer: &Issuer, registration: &Registration) -> Result<(), Refusal> {
    match &registration.auth_method {
        AuthMethod::Keys(ClientKeys::At(url)) => {
            issuer.documents.may_hold_keys(url).map_err(Refusal::JwksUri)
        }
        AuthMethod::Keys(ClientKeys::Set(_)) | AuthMethod::Secret(_) | AuthMethod::None => Ok(()),
    }
}

/// What is made for a client, and given to it once.
struct Secrets {
    client_secret: Option<String>,
    registration_token: Option<String>,
}

impl Secrets {
    fn of(issuer: &Issuer, registration: &Registration, is_its_own: bool) -> Self {
        let random = &*issuer.ambient.random;
        Self {
            client_secret: matches!(registration.auth_method, AuthMethod::Secret(_)).then(|| secret(random)),
            registration_token: is_its_own.then(|| secret(random)),
        }
    }

    fn given(&self, issuer: &Issuer, client_id: &str) -> Given<'_> {
        Given {
            secret: self.client_secret.as_deref(),
            managed: self.registration_token.as_deref().map(|token| (url_of(issuer, client_id), token)),
        }
    }
}

/// What is kept of it.
fn client(issuer: &Issuer, registration: &Registration, secrets: &Secrets, now: u64) -> Client {
    Client {
        // The prefix ensures that an identifier never looks like the URL of a client metadata document.
        id: format!("client_{}", identifier(&*issuer.ambient.random)),
        name: registration.name.clone(),
        redirect_uris: registration.redirect_uris(),
        grant_types: Client::for_people(registration.refresh),
        scopes: ScopeSet::default(),
        credential: match (&registration.auth_method, &secrets.client_secret) {
            (AuthMethod::Keys(keys), _) => ClientCredential::Keys(keys.clone()),
            (_, Some(secret)) => ClientCredential::Secret(SecretHash::of(secret)),
            (_, None) => ClientCredential::None,
        },
        secret_in_form: registration.auth_method.is_in_form(),
        registered_at: now,
        registration_token: secrets.registration_token.as_deref().map(SecretHash::of),
        require_par: registration.require_par,
        dpop_bound: registration.dpop_bound,
    }
}

/// The name of the initial access token that a request shows. A wrong one is not taken for none.
fn initial_token<'i>(issuer: &'i Issuer, headers: &HeaderMap) -> Result<Option<&'i str>, Refusal> {
    let options = &issuer.registration;
    match bearer(headers)? {
        Some(shown) => {
            // All of them are compared, so that the time does not tell which one is near.
            let mut known = options.initial_access_tokens.iter().filter(|token| token.hash.matches(shown));
            let found = known.by_ref().last();
            found.map(|token| Some(&*token.name)).ok_or(Refusal::Token("the initial access token is unknown"))
        }
        None if options.open => Ok(None),
        None => Err(Refusal::NoToken),
    }
}

/// Whether one that is alike is kept already, so that nothing new comes into the store: who floods it shuts out no client that was there before.
async fn is_known(issuer: &Issuer, alike: Option<SecretHash>, now: u64) -> Result<bool, Refusal> {
    match alike {
        Some(alike) => Ok(issuer.store.clients().find_alike(alike, now).await?.is_some()),
        None => Ok(false),
    }
}

/// Counts a new client: under the name of the token that it shows, or else with those of all strangers, who use up nothing of what holders of a
/// token have. Not by address: many people of one provider register from one.
async fn count(issuer: &Issuer, shown: Option<&str>, now: u64) -> Result<(), Refusal> {
    let counted_as = shown.map_or_else(|| COUNTER.to_owned(), |name| format!("{COUNTER} {name}"));
    Ok(RateLimit::of(counted_as, issuer.registrations).count(&issuer.store, now).await??)
}
