//! The device code grant (RFC 8628 §3.4): only for clients of the configuration. A device polls until a person has answered on the page
//! of its user code.

use mcp_auth_store::{Code, DeviceAnswer, GrantType, Polled, SecretHash, grant_name};

use super::issued::{Issued, To};
use super::proof::Proven;
use super::refresh_token::new_grant;
use super::resource::verify_resource;
use super::still::still_there;
use super::{Authenticated, Refusal};
use crate::endpoint::device;
use crate::issuer::{Grantee, Issuer};
use crate::request::Params;
use crate::secret::identifier;

pub(super) async fn issue(
    issuer: &Issuer,
    client: &Authenticated,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    if !issuer.device_codes {
        return Err(Refusal::UnsupportedGrantType);
    }
    if !issuer.may_use_devices(client) {
        return Err(Refusal::UnauthorizedClient);
    }
    let presented = params.get("device_code").ok_or(Refusal::Missing("device_code"))?;
    let hash = SecretHash::of(presented);
    let (devices, now) = (issuer.store.device_codes(), issuer.now());
    let asked = devices.find(hash).await?;
    let asked = asked.ok_or(Refusal::Grant("the device code is unknown, or was used before"))?;
    if asked.client_id != client.id {
        return Err(Refusal::Grant("the device code was issued to another client"));
    }
    verify_resource(issuer, params)?;
    match devices.poll(hash, now).await? {
        Polled::Allowed => {}
        Polled::Pending => return Err(Refusal::AuthorizationPending),
        Polled::TooSoon => return Err(Refusal::SlowDown),
        Polled::Denied => return Err(Refusal::AccessDenied),
        Polled::Expired => return Err(Refusal::ExpiredToken),
        Polled::Gone => return Err(Refusal::Grant("the device code was used before")),
    }
    let Some(DeviceAnswer::Allowed { subject, authentication, scopes: allowed, refresh }) = asked.answer
    else {
        // It was allowed after it was looked up: the next poll finds that.
        return Err(Refusal::AuthorizationPending);
    };
    let asked_at = asked.expires_at.saturating_sub(device::LIFETIME);
    if issuer.denies(presented, (&subject, &client.id), asked_at) {
        return Err(Refusal::Grant("denied by auth.deny"));
    }
    let bound_refresh = proven.bound_refresh(client);
    let binding = proven.use_up(issuer).await?;
    let (scopes, how) = (issuer.scopes.known_of(&allowed), authentication.clone());
    let grant_id = identifier(&*issuer.ambient.random);
    let access_token = issuer.access_token(&Grantee {
        subject: &subject,
        client_id: &client.id,
        resource: &asked.resource,
        scopes: &scopes,
        authentication: Some(&authentication),
        grant_id: Some(&grant_name(&grant_id)),
        binding: &binding,
    })?;
    let (refresh_token, grant) = match refresh && client.may(GrantType::RefreshToken) {
        true => {
            // All that a code of a browser would stand for: a device has no redirect URI, and proves nothing but its device code.
            let code = Code {
                client_id: client.id.clone(),
                subject: subject.clone(),
                redirect_uri: String::new(),
                code_challenge: String::new(),
                resource: asked.resource,
                scopes: allowed,
                refresh,
                authentication,
                dpop_jkt: None,
                expires_at: asked.expires_at,
            };
            let (token, grant) = new_grant(issuer, &grant_id, client, &code, bound_refresh);
            (Some(token), Some(grant))
        }
        false => (None, None),
    };
    if !devices.redeem(hash, grant, now).await? {
        return Err(Refusal::Grant("the device code was used before"));
    }
    still_there(issuer, client, (&subject, &how), &grant_id).await?;
    let to = To::new("device_code", &client.id, subject, Some(grant_name(&grant_id)));
    Ok(Issued::new(issuer, access_token, refresh_token, &scopes, &binding, to))
}
