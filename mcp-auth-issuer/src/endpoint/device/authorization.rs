//! `POST /device_authorization`: the device asks for a code to show (RFC 8628 §3.1, §3.2).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Client, DeviceAuthorization, SecretHash, StoreError};
use serde::Serialize;

use super::devices::Devices;
use super::place::Place;
use super::user_code::UserCode;
use crate::endpoint::client_request::{ClientRequest, Refusal, answer, verify_resource};
use crate::endpoint::path::DEVICE;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::device::{DeviceCodeIssued, DeviceCodeRefused};
use crate::request::Params;
use crate::secret::secret;

/// How long a person has to enter the code and to answer, in seconds.
pub(in crate::endpoint) const LIFETIME: u64 = 10 * 60;
/// How long a device waits between two polls, in seconds.
const INTERVAL: u64 = 5;
/// So many user codes are tried, should another device have the same.
const TRIES: usize = 8;

/// The device authorization response (§3.2).
#[derive(Serialize)]
struct Begun {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

/// `POST /device_authorization`
pub(super) async fn post(State(devices): State<Arc<Devices>>, mut request: ClientRequest) -> Response {
    match begin(&devices, &mut request).await {
        Ok(begun) => answer(StatusCode::OK, begun),
        Err(refusal) => request.refused(&refusal, |client_id, address, reason| {
            DeviceCodeRefused { client_id, address, reason }.happened();
        }),
    }
}

/// The steps in their order.
async fn begin(devices: &Devices, request: &mut ClientRequest) -> Result<Begun, Refusal> {
    let issuer = &devices.issuer;
    let params = request.form().await?;
    let client = request.client(issuer, &params).await?.client;
    may_use_devices(issuer, &client)?;
    verify_resource(issuer, &params)?;
    let scopes = requested_scopes(issuer, &params)?;
    devices.count_request(&client, request.address).await??;
    let asked = asked_for(issuer, client.id, scopes, request.address);
    let begun = keep(devices, &asked).await?;

    DeviceCodeIssued { client_id: &asked.client_id, scopes: &asked.scopes, address: request.address }
        .happened();
    Ok(begun)
}

/// Only clients of the configuration that name this grant.
fn may_use_devices(issuer: &Issuer, client: &Client) -> Result<(), Refusal> {
    match issuer.may_use_devices(client) {
        true => Ok(()),
        false => Err(Refusal::UnauthorizedClient),
    }
}

/// Declared scopes only; the default scopes if the request has none.
fn requested_scopes(issuer: &Issuer, params: &Params) -> Result<ScopeSet, Refusal> {
    let requested = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)?;
    Ok(requested.unwrap_or_else(|| issuer.scopes.default().clone()))
}

/// What waits for an answer of a person from now on.
fn asked_for(
    issuer: &Issuer,
    client_id: String,
    scopes: ScopeSet,
    from: Option<IpAddr>,
) -> DeviceAuthorization {
    let now = issuer.now();
    DeviceAuthorization {
        client_id,
        resource: issuer.resource.to_string(),
        scopes,
        from: from.map(|from| from.to_string()),
        asked_at: now,
        interval: INTERVAL,
        expires_at: now.saturating_add(LIFETIME),
        answer: None,
    }
}

/// Keeps what was asked for under two new codes.
async fn keep(devices: &Devices, asked: &DeviceAuthorization) -> Result<Begun, StoreError> {
    let issuer = &devices.issuer;
    let random = &*issuer.ambient.random;
    for _ in 0..TRIES {
        let (device_code, user_code) = (secret(random), UserCode::random(random));
        let (by_device, by_user) = (SecretHash::of(&device_code), user_code.kept(&devices.user_codes).await?);
        if issuer.store.device_codes().begin(by_device, by_user, asked.clone(), asked.asked_at).await? {
            let at = |path: &str| format!("{}{path}", issuer.origin.as_str());
            return Ok(Begun {
                device_code,
                user_code: user_code.shown(),
                verification_uri: at(DEVICE),
                verification_uri_complete: at(&Place::Form(Some(user_code)).url()),
                expires_in: LIFETIME,
                interval: INTERVAL,
            });
        }
    }
    Err(StoreError::new("every new user code belongs to another device"))
}
