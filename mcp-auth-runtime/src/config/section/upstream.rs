//! `[issuer.upstream]`: people log in at an OpenID Connect provider.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::secret::Secret;
use crate::config::value::url::IssuerUrl;
use crate::config::value::{AcrValue, NonEmpty, ScopeToken, keyword};

keyword! {
    /// Who is let in of those who have an account at the provider.
    UpstreamAllow {
        /// Those in `allow_subjects`.
        Listed = "listed",
        /// Anyone who can log in there.
        Anyone = "anyone",
    }
}

/// An OpenID Connect provider at which people log in. Its redirect URI for this server is `/authorize/login` at the server's origin.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Upstream {
    /// Its issuer identifier, byte for byte as its metadata says it: `https`, or `http` on loopback.
    pub issuer: IssuerUrl,
    /// The client identifier of this server there.
    pub client_id: NonEmpty,
    /// Where its secret is. Without it, this server is a public client there, with PKCE alone.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// What is asked for: `openid`, and for example `profile`, for a name to show.
    #[serde(default = "openid")]
    pub scopes: Vec<ScopeToken>,
    /// Who is let in: `listed` (those in `allow_subjects`), or `anyone` who can log in there.
    #[serde(default)]
    pub allow: UpstreamAllow,
    /// Who is let in, by their `sub` at the provider; never by an email address, which may come to belong to somebody else. The log says the
    /// `sub` of a person who was not let in.
    #[serde(default)]
    pub allow_subjects: Vec<NonEmpty>,
    /// By what people can log in there (`acr`), in the words of the provider, the strongest first: a login by one counts for those behind it.
    /// Metadata names them, and a request that asks for some of them (`acr_values`) gets a login that reaches one, or an error. Without
    /// them `acr_values` are passed on and nothing depends on the answer.
    #[serde(default)]
    pub acr_values: Vec<AcrValue>,
}

fn openid() -> Vec<ScopeToken> {
    "openid".parse().into_iter().collect()
}
