//! One stored login: the server, the issuer, the client, and the tokens.

use serde::{Deserialize, Serialize};

use mcp_auth_core::SecretText;

use crate::secret::stored;

/// Everything that the next command needs to call the server again. `Debug` hides tokens and secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    /// The server's URL, as the person typed it; the login is stored under it.
    pub(crate) server: String,
    /// The resource indicator that the tokens were requested for (RFC 8707).
    pub(crate) resource: String,
    /// The issuer of the tokens. The refresh token is sent to this issuer only.
    pub(crate) issuer: String,
    pub(crate) registration: Registration,
    pub(crate) tokens: Tokens,
}

/// The client that the person logged in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<ClientSecret>,
    /// The redirect URI that is registered at the issuer.
    pub(crate) redirect_uri: String,
    pub(crate) way: WayIn,
}

/// How the client got its identifier (MCP authorization, client registration).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WayIn {
    /// Registered in advance: `--client-id`.
    Preregistered,
    /// The URL of a Client ID Metadata Document: `--client-metadata`.
    MetadataDocument,
    /// Dynamic Client Registration (RFC 7591).
    Dynamic,
}

/// The secret of a confidential client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClientSecret {
    /// Where the person stores it (`env:NAME`, `file:PATH`); it is read again each time and never stored here.
    At(String),
    /// The secret that the issuer gave at registration.
    Issued(#[serde(serialize_with = "stored")] SecretText),
}

/// The tokens of a token response (RFC 6749 §5.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tokens {
    #[serde(serialize_with = "stored")]
    pub(crate) access_token: SecretText,
    #[serde(serialize_with = "stored")]
    pub(crate) refresh_token: Option<SecretText>,
    /// The scope tokens that were granted.
    pub(crate) scopes: Vec<String>,
    /// When the access token expires, in Unix seconds; `None` if the issuer did not say.
    pub(crate) expires_at: Option<u64>,
}

/// A token is no longer sent in its last seconds, because the request takes time and clocks differ.
const MARGIN: u64 = 30;

impl Tokens {
    /// Whether the access token may still be sent. `now` in Unix seconds.
    pub(crate) fn are_fresh(&self, now: u64) -> bool {
        self.expires_at.is_none_or(|end| end > now.saturating_add(MARGIN))
    }

    /// Whether every one of these scope tokens was granted.
    pub(crate) fn cover(&self, scopes: &[String]) -> bool {
        scopes.iter().all(|scope| self.scopes.contains(scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(expires_at: Option<u64>) -> Tokens {
        Tokens {
            access_token: SecretText::new("at-secret"),
            refresh_token: Some(SecretText::new("rt-secret")),
            scopes: vec!["a".to_owned(), "b".to_owned()],
            expires_at,
        }
    }

    #[test]
    fn a_token_is_fresh_until_shortly_before_its_end() {
        assert!(tokens(Some(1031)).are_fresh(1000));
        assert!(!tokens(Some(1030)).are_fresh(1000));
        assert!(!tokens(Some(10)).are_fresh(1000));
        assert!(tokens(None).are_fresh(1000), "an issuer that does not say");
        assert!(!tokens(Some(u64::MAX)).are_fresh(u64::MAX));
    }

    #[test]
    fn debug_shows_no_token() {
        let shown = format!("{:?}", tokens(None));
        assert!(shown.contains("***") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn scopes_are_covered_only_when_all_were_granted() {
        let owned = |scopes: &[&str]| scopes.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        assert!(tokens(None).cover(&owned(&["b", "a"])) && tokens(None).cover(&[]));
        assert!(!tokens(None).cover(&owned(&["a", "c"])));
    }
}
