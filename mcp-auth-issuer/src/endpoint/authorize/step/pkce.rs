//! `code_challenge` and `code_challenge_method`: PKCE (RFC 7636 §4.3) is required of every client, with S256, because the default method,
//! `plain`, protects nothing.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::super::refusal::Refused;
use crate::request::Params;

/// The `code_challenge`.
pub(in super::super) fn read(params: &Params) -> Result<String, Refused> {
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
