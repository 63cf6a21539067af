//! `acr_values`: how strong the login should be (OpenID Connect Core 1.0 §3.1.2.1, RFC 9470 §4).

use super::super::refusal::Refused;
use crate::issuer::Issuer;
use crate::request::Params;

/// The longest list, in bytes.
const MOST: usize = 512;

/// How strong the login should be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct AcrValues {
    /// The list as it was sent, the best value first.
    pub(in super::super) sent: Option<String>,
    /// Those of it that the login can reach. None: what is asked for is nothing that it knows, and the request goes on, since these values
    /// are a wish (OpenID Connect Core 1.0 §3.1.2.1); the token says what was reached.
    pub(in super::super) supported: Vec<String>,
}

/// Reads it.
///
/// # Errors
/// [`Refused::Hint`] for what is too long, or has characters that cannot be seen.
pub(in super::super) fn read(issuer: &Issuer, params: &Params) -> Result<AcrValues, Refused> {
    let Some(sent) = params.get("acr_values") else { return Ok(AcrValues::default()) };
    if sent.len() > MOST || !sent.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err(Refused::Hint { name: "acr_values", most: MOST });
    }
    let can_reach = issuer.login.acr_values_supported();
    let supported = sent.split(' ').filter(|value| can_reach.iter().any(|known| known == value));
    Ok(AcrValues { sent: Some(sent.to_owned()), supported: supported.map(str::to_owned).collect() })
}
