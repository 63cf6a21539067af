//! The device code grant (RFC 8628 §3.4): only for clients of the configuration. A device polls until a person has answered on the page
//! of its user code.

use mcp_auth_store::{Code, DeviceAnswer, DeviceAuthorization, Grant, Polled, SecretHash};

use super::issued::{Issued, To};
use super::new_grant::NewGrant;
use super::proof::Proven;
use super::renewed::renewed;
use crate::endpoint::client_request::{
    Authenticated, InvalidGrant, Refusal, verify_granted_resource, verify_resource,
};
use crate::endpoint::device;
use crate::issuer::Issuer;
use crate::request::Params;

/// The steps in their order.
pub(super) async fn issue(
    issuer: &Issuer,
    client: &Authenticated,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    may_use_devices(issuer, client)?;
    let presented = params.get("device_code").ok_or(Refusal::Missing("device_code"))?;
    let asked = find(issuer, presented).await?;
    verify_client(client, &asked)?;
    verify_granted_resource(issuer, &asked.resource)?;
    verify_resource(issuer, params)?;
    poll(issuer, presented).await?;
    let mut code = allowed(asked)?;
    verify_not_denied(issuer, presented, &code)?;
    code.authentication = renewed(issuer, &code.subject, &code.authentication, true).await?;
    let bound_refresh = proven.bound_refresh(client);
    let binding = proven.use_up(issuer).await?;
    let mut grant = NewGrant::of(issuer, client, &code, (bound_refresh, &binding))?;
    let kept = grant.kept.take();
    redeem(issuer, presented, kept).await?;
    grant.person_and_client_exist(issuer, client, &code).await?;

    let to = To::new("device_code", &client.id, code.subject, Some(grant.name()));
    Ok(Issued::new(issuer, grant.access_token, grant.refresh_token, &grant.scopes, &binding, to))
}

/// Device codes are turned on, and the client is one of the configuration that names this grant.
fn may_use_devices(issuer: &Issuer, client: &Authenticated) -> Result<(), Refusal> {
    match (issuer.device_codes, issuer.may_use_devices(client)) {
        (false, _) => Err(Refusal::UnsupportedGrantType),
        (true, false) => Err(Refusal::UnauthorizedClient),
        (true, true) => Ok(()),
    }
}

/// What the device asked for.
async fn find(issuer: &Issuer, presented: &str) -> Result<DeviceAuthorization, Refusal> {
    let asked = issuer.store.device_codes().find(SecretHash::of(presented)).await?;
    asked.ok_or(InvalidGrant::UnknownDeviceCode.into())
}

/// The device code was issued to the client that presents it.
fn verify_client(client: &Authenticated, asked: &DeviceAuthorization) -> Result<(), Refusal> {
    match asked.client_id == client.id {
        true => Ok(()),
        false => Err(InvalidGrant::DeviceCodeOfOtherClient.into()),
    }
}

/// The person has allowed it, and the device does not poll too often (RFC 8628 §3.5).
async fn poll(issuer: &Issuer, presented: &str) -> Result<(), Refusal> {
    match issuer.store.device_codes().poll(SecretHash::of(presented), issuer.now()).await? {
        Polled::Allowed => Ok(()),
        Polled::Pending => Err(Refusal::AuthorizationPending),
        Polled::TooSoon => Err(Refusal::SlowDown),
        Polled::Denied => Err(Refusal::AccessDenied),
        Polled::Expired => Err(Refusal::ExpiredToken),
        Polled::Gone => Err(InvalidGrant::UnknownDeviceCode.into()),
    }
}

/// What the person allowed, as a code of a browser would stand for it: a device has no redirect URI, and proves nothing but its device code.
fn allowed(asked: DeviceAuthorization) -> Result<Code, Refusal> {
    let Some(DeviceAnswer::Allowed { subject, authentication, scopes, refresh }) = asked.answer else {
        // It was allowed after it was looked up: the next poll finds that.
        return Err(Refusal::AuthorizationPending);
    };
    Ok(Code {
        client_id: asked.client_id,
        subject,
        redirect_uri: String::new(),
        code_challenge: String::new(),
        resource: asked.resource,
        scopes,
        refresh,
        authentication,
        dpop_jkt: None,
        expires_at: asked.expires_at,
    })
}

/// The operator does not deny what the person allowed.
fn verify_not_denied(issuer: &Issuer, presented: &str, code: &Code) -> Result<(), Refusal> {
    let asked_at = code.expires_at.saturating_sub(device::LIFETIME);
    match issuer.is_denied_by_operator(presented, (&code.subject, &code.client_id), asked_at) {
        true => Err(InvalidGrant::Denied.into()),
        false => Ok(()),
    }
}

/// Uses the device code up, and keeps the grant.
async fn redeem(issuer: &Issuer, presented: &str, grant: Option<Grant>) -> Result<(), Refusal> {
    match issuer.store.device_codes().redeem(SecretHash::of(presented), grant, issuer.now()).await? {
        true => Ok(()),
        false => Err(InvalidGrant::UnknownDeviceCode.into()),
    }
}
