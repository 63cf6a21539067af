//! Token introspection (RFC 7662): a client of the configuration asks whether a token of this issuer is good. Of all others it only learns
//! that they are not active.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use mcp_auth_store::{Client, StoreError};
use serde_json::{Value, json};

use super::client_request::{ClientRequest, Refusal, answer};
use super::token::{PresentedRefreshToken, ends_at, may_go_on};
use crate::issuer::Issuer;
use crate::key::OurToken;
use crate::observe::Event as _;
use crate::observe::token::{IntrospectionRefused, TokenIntrospected};

/// `POST /introspect`
pub(super) async fn post(State(issuer): State<Arc<Issuer>>, mut request: ClientRequest) -> Response {
    match introspect(&issuer, &mut request).await {
        Ok(told) => answer(StatusCode::OK, told),
        Err(refusal) => request.refused(&refusal, |client_id, address, reason| {
            IntrospectionRefused { client_id, address, reason }.happened();
        }),
    }
}

/// The steps in their order.
async fn introspect(issuer: &Issuer, request: &mut ClientRequest) -> Result<Value, Refusal> {
    let params = request.form().await?;
    let client = request.client(issuer, &params).await?;
    may_ask(issuer, &client)?;
    let token = params.get("token").ok_or(Refusal::Missing("token"))?;
    let told = match issuer.keys.ours(token, issuer.origin.as_str(), issuer.now()).await? {
        Some(ours) => access_token(issuer, token, ours).await?,
        None => refresh_token(issuer, token).await?,
    };

    let subject = told.as_ref().and_then(|told| told["sub"].as_str());
    let (client_id, address) = (&*client.id, request.address);
    TokenIntrospected { client_id, is_active: told.is_some(), subject, address }.happened();
    Ok(told.unwrap_or_else(|| json!({ "active": false })))
}

/// A client that registered itself may be anyone, and so may whoever sends the name of a public one; they would learn whose tokens they
/// found (RFC 7662 §2.1 and §4).
fn may_ask(issuer: &Issuer, client: &Client) -> Result<(), Refusal> {
    match client.is_public() || !issuer.is_named(&client.id) {
        true => Err(Refusal::UnauthorizedClient),
        false => Ok(()),
    }
}

/// What an access token of this issuer says, while it is good.
async fn access_token(issuer: &Issuer, token: &str, ours: OurToken) -> Result<Option<Value>, StoreError> {
    if issuer.denied.refuses(token, ours.claims()) {
        return Ok(None);
    }
    // Other processes revoke too, so the store is asked.
    if issuer.now() >= ours.exp || issuer.store.revocations().is_revoked(ours.revocable()).await? {
        return Ok(None);
    }
    // What every answer says is said last, so that no claim of the configuration takes its place.
    let mut told = ours.claims();
    let token_type = if told.contains_key("cnf") { "DPoP" } else { "Bearer" };
    for (member, value) in
        [("active", json!(true)), ("token_type", json!(token_type)), ("exp", json!(ours.exp))]
    {
        told.insert(member.to_owned(), value);
    }
    Ok(Some(Value::Object(told)))
}

/// What a refresh token of this issuer stands for, while it is the current one of its grant and its client could refresh that.
async fn refresh_token(issuer: &Issuer, token: &str) -> Result<Option<Value>, Refusal> {
    let Some(presented) = PresentedRefreshToken::parse(token) else { return Ok(None) };
    let grant = issuer.store.grants().find(presented.grant, issuer.now()).await?;
    let Some(grant) = grant.filter(|grant| presented.is_current_of(grant)) else { return Ok(None) };
    if !may_go_on(issuer, token, &grant).await? {
        return Ok(None);
    }
    Ok(Some(json!({
        "active": true, "sub": grant.subject, "client_id": grant.client_id, "iss": issuer.origin.as_str(),
        "aud": grant.resource, "scope": issuer.scopes.known_of(&grant.scopes).to_string(),
        "iat": grant.granted_at, "exp": ends_at(issuer, &grant),
    })))
}
