//! What the browser is sent to the provider with (OAuth 2.1 §4.1.1), and what is kept until it comes back.

use aws_lc_rs::digest;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Random;
use serde::{Deserialize, Serialize};
use url::Url;

use super::options::{OfflineAccess, UpstreamOptions};
use crate::person::login::Attempt;
use crate::secret::secret;

/// The age that is asked for where any will do: a provider that is asked for one says when the login was. Ten years.
const ANY_AGE: u64 = 10 * 365 * 24 * 60 * 60;

/// The value of `prompt` by which a provider asks which account it is to be.
const SELECT_ACCOUNT: &str = "select_account";

/// What is kept until the browser comes back.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// Binds the ID token to this login.
    pub(super) nonce: String,
    /// The PKCE verifier (RFC 7636 §4.1).
    pub(super) verifier: String,
    /// Whether the person is asked to agree once more: without it the provider gave no refresh token.
    #[serde(default)]
    pub(super) with_consent: bool,
}

impl Kept {
    pub(super) fn random(random: &dyn Random) -> Self {
        Self { nonce: secret(random), verifier: secret(random), with_consent: false }
    }

    pub(super) fn read(text: Option<&SecretText>) -> Option<Self> {
        serde_json::from_str(text?.expose()).ok()
    }

    /// The authorization request of OAuth alone. The person comes back by `state`.
    fn request(
        &self,
        endpoint: &Url,
        options: &UpstreamOptions,
        (attempt, state): (&Attempt<'_>, &str),
    ) -> Url {
        let mut url = endpoint.clone();
        let challenge = digest::digest(&digest::SHA256, self.verifier.as_bytes());
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &options.client_id),
            ("redirect_uri", &attempt.return_to()),
            ("state", state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        if !options.scopes.is_empty() {
            url.query_pairs_mut().append_pair("scope", &options.scopes.to_string());
        }
        url
    }

    /// The same for GitHub, which knows one of the values of `prompt`.
    ///
    /// - Source: docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps.
    pub(super) fn github_request(
        &self,
        endpoint: &Url,
        options: &UpstreamOptions,
        (attempt, state): (&Attempt<'_>, &str),
    ) -> Url {
        let mut url = self.request(endpoint, options, (attempt, state));
        if attempt.another {
            url.query_pairs_mut().append_pair("prompt", SELECT_ACCOUNT);
        }
        url
    }

    /// The same with what OpenID Connect adds (OpenID Connect Core 1.0 §3.1.2.1). Of `prompt` the provider may list the `values` that it knows.
    pub(super) fn openid_request(
        &self,
        (endpoint, values): (&Url, Option<&[String]>),
        options: &UpstreamOptions,
        (attempt, state): (&Attempt<'_>, &str),
    ) -> Url {
        let mut url = self.request(endpoint, options, (attempt, state));
        let asked = &attempt.asked;
        let max_age = asked.max_age.unwrap_or(ANY_AGE).to_string();
        url.query_pairs_mut().extend_pairs([("nonce", &*self.nonce), ("max_age", &max_age)]);
        // Google gives a refresh token once, and OpenID Connect Core 1.0 §11 wants `prompt=consent` for one: it is sent where none came without it.
        // The account is chosen by one value alone: Entra ID refuses two, and a login anew asks who it is too.
        let is_known = values.is_none_or(|values| values.iter().any(|value| value == SELECT_ACCOUNT));
        let prompt = match (asked.again, self.with_consent) {
            (true, true) => Some("login consent"),
            (true, false) => Some("login"),
            (false, true) => Some("consent"),
            (false, false) if attempt.another => Some(if is_known { SELECT_ACCOUNT } else { "login" }),
            (false, false) => None,
        };
        let hints = [
            // The application may have meant the account that the person does not want.
            ("login_hint", asked.login_hint.filter(|_| !attempt.another)),
            ("acr_values", asked.acr_values),
            ("ui_locales", asked.ui_locales),
            ("prompt", prompt),
            ("access_type", (options.offline == OfflineAccess::AccessType).then_some("offline")),
        ];
        let hints = hints.into_iter().filter_map(|(name, hint)| Some((name, hint?)));
        // How long each may be is decided once, where the authorization request is read.
        url.query_pairs_mut().extend_pairs(hints);
        url
    }
}
