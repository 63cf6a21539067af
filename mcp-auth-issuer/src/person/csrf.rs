//! CSRF tokens: a form counts only if one of our own pages showed it to this browser, for this request.

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::ambient::Random;

use crate::secret::secret;

/// Makes and verifies CSRF tokens: a MAC over the session and the exact authorization request, so a token is valid
/// for one browser, client, scope and redirect URI only. No token is stored, so pages opened from outside use no
/// memory. The key lives as long as the process.
pub(crate) struct Csrf(hmac::Key);

impl Csrf {
    pub(crate) fn new(random: &dyn Random) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret(random).as_bytes()))
    }

    /// The token for a form shown to `session` about `request`, the canonical query.
    pub(crate) fn token(&self, session: &str, request: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, &message(session, request)))
    }

    /// Whether `token` is the one for this session and request, in constant time.
    pub(crate) fn verify(&self, session: &str, request: &str, token: &str) -> bool {
        let Ok(tag) = BASE64_URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        hmac::verify(&self.0, &message(session, request), &tag).is_ok()
    }
}

/// The text to authenticate. A session identifier is base64url and has no line feed, so it can be read in one way
/// only.
fn message(session: &str, request: &str) -> Vec<u8> {
    [session.as_bytes(), b"\n", request.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;

    use super::*;

    #[test]
    fn csrf_token_fits_one_session_one_request_and_one_process() {
        let csrf = Csrf::new(&SystemRandom);
        let token = csrf.token("a", "scope=x");
        assert!(csrf.verify("a", "scope=x", &token));
        assert!(!csrf.verify("b", "scope=x", &token));
        assert!(!csrf.verify("a", "scope=y", &token));
        assert!(!csrf.verify("a", "scope=x", ""));
        assert!(!csrf.verify("a", "scope=x", &token[1..]));
        assert!(!Csrf::new(&SystemRandom).verify("a", "scope=x", &token));
    }
}
