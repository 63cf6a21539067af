//! Which resource an access token is asked for.

use super::Refusal;
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
