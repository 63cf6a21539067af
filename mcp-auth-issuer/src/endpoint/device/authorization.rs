//! `POST /device_authorization`: the device asks for a code to show (RFC 8628 §3.1, §3.2).

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{Extensions, HeaderMap};
use mcp_auth_store::{DeviceAuthorization, SecretHash, StoreError};
use serde::Serialize;

use super::devices::Devices;
use super::place::Place;
use super::user_code::UserCode;
use crate::endpoint::path::DEVICE;
use crate::endpoint::token::{Refusal, authenticate, verify_resource};
use crate::observe::Event as _;
use crate::observe::device::{DeviceCodeIssued, DeviceCodeRefused};
use crate::request::address::client_address;
use crate::request::body::form;
use crate::request::oauth_error::{NO_STORE, OAuthError};
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
pub(super) async fn post(
    State(devices): State<Arc<Devices>>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (address, mut known) = (client_address(&extensions), None);
    match begin(&devices, (&headers, address), body, &mut known).await {
        Ok(begun) => ([(CACHE_CONTROL, NO_STORE)], axum::Json(begun)).into_response(),
        Err(refusal) => {
            let client_id = known.as_deref();
            refusal.tell(|reason| DeviceCodeRefused { client_id, address, reason }.happened());
            OAuthError::from(&refusal).into_response()
        }
    }
}

async fn begin(
    devices: &Devices,
    (headers, from): (&HeaderMap, Option<IpAddr>),
    body: Body,
    known: &mut Option<String>,
) -> Result<Begun, Refusal> {
    let issuer = &devices.issuer;
    let params = form(headers, body).await?;
    if let Some(name) = params.repeated() {
        return Err(Refusal::Repeated(name.to_owned()));
    }
    let client = authenticate(issuer, (headers, from), &params).await?.client;
    *known = Some(client.id.clone());
    if !issuer.may_use_devices(&client) {
        return Err(Refusal::UnauthorizedClient);
    }
    verify_resource(issuer, &params)?;
    let scopes = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)?;
    let scopes = scopes.unwrap_or_else(|| issuer.scopes.default().clone());
    devices.count_request(&client, from).await??;

    let now = issuer.now();
    let asked = DeviceAuthorization {
        client_id: client.id,
        resource: issuer.resource.to_string(),
        scopes,
        from: from.map(|from| from.to_string()),
        asked_at: now,
        interval: INTERVAL,
        expires_at: now.saturating_add(LIFETIME),
        answer: None,
    };
    let begun = keep(devices, &asked).await?;
    DeviceCodeIssued { client_id: &asked.client_id, scopes: &asked.scopes, address: from }.happened();
    Ok(begun)
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
