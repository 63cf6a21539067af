//! Which resource an access token is asked for, and which one a person allowed.

use super::Refusal;
use super::cause::InvalidGrant;
use crate::issuer::Issuer;
use crate::request::Params;

/// Checks that the `resource` parameter, if it is sent, names the resource that was granted (RFC 8707 §2.2).
pub(crate) fn verify_resource(issuer: &Issuer, params: &Params) -> Result<(), Refusal> {
    match (params.count("resource"), params.get("resource")) {
        (0, _) => Ok(()),
        (1, Some(resource)) if issuer.resource.is_named_by(resource) => Ok(()),
        _ => Err(Refusal::Resource),
    }
}

/// Checks that what a person allowed was access to this server. After a change of its public URL it is another resource: no server accepts
/// tokens for the one of before (RFC 8707 §2.2).
pub(crate) fn verify_granted_resource(issuer: &Issuer, granted: &str) -> Result<(), Refusal> {
    match issuer.resource == *granted {
        true => Ok(()),
        false => Err(InvalidGrant::OtherResource.into()),
    }
}
