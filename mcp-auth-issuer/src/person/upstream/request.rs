//! What the browser is sent to the provider with (OAuth 2.1 §4.1.1), and what is kept until it comes back.

use aws_lc_rs::digest;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Random;
use serde::{Deserialize, Serialize};
use url::Url;

use super::options::UpstreamOptions;
use crate::person::login::Attempt;
use crate::secret::secret;

/// The age that is asked for where any will do: a provider that is asked for one says when the login was. Ten years.
const ANY_AGE: u64 = 10 * 365 * 24 * 60 * 60;

/// What is kept until the browser comes back.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// Binds the ID token to this login.
    pub(super) nonce: String,
    /// The PKCE verifier (RFC 7636 §4.1).
    pub(super) verifier: String,
}

impl Kept {
    pub(super) fn random(random: &dyn Random) -> Self {
        Self { nonce: secret(random), verifier: secret(random) }
    }

    pub(super) fn read(text: Option<&SecretText>) -> Option<Self> {
        serde_json::from_str(text?.expose()).ok()
    }

    /// The authorization request of OAuth alone.
    pub(super) fn request(&self, endpoint: &Url, options: &UpstreamOptions, attempt: &Attempt<'_>) -> Url {
        let mut url = endpoint.clone();
        let challenge = digest::digest(&digest::SHA256, self.verifier.as_bytes());
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &options.client_id),
            ("redirect_uri", &attempt.return_to()),
            ("state", attempt.transaction),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        if !options.scopes.is_empty() {
            url.query_pairs_mut().append_pair("scope", &options.scopes.to_string());
        }
        url
    }

    /// The same with what OpenID Connect adds (OpenID Connect Core 1.0 §3.1.2.1).
    pub(super) fn openid_request(
        &self,
        endpoint: &Url,
        options: &UpstreamOptions,
        attempt: &Attempt<'_>,
    ) -> Url {
        let mut url = self.request(endpoint, options, attempt);
        let asked = &attempt.asked;
        let max_age = asked.max_age.unwrap_or(ANY_AGE).to_string();
        url.query_pairs_mut().extend_pairs([("nonce", &*self.nonce), ("max_age", &max_age)]);
        let hints = [
            ("login_hint", asked.login_hint),
            ("acr_values", asked.acr_values),
            ("ui_locales", asked.ui_locales),
            ("prompt", asked.again.then_some("login")),
        ];
        let hints = hints.into_iter().filter_map(|(name, hint)| Some((name, hint?)));
        // How long each may be is decided once, where the authorization request is read.
        url.query_pairs_mut().extend_pairs(hints);
        url
    }
}
