//! `[upstreams.NAME]`: a provider at which people log in, or connect accounts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::config::section::upstream_allow::{AllowLists, UpstreamAllow};
use crate::config::upstream::{self, UpstreamPreset};
use crate::config::value::claim::ClaimPath;
use crate::config::value::secret::Secret;
use crate::config::value::url::{HttpUrl, IssuerUrl};
use crate::config::value::{AcrValue, NonEmpty, ScopeToken, UpstreamName, keyword};

/// Every configured upstream by name.
pub type Upstreams = BTreeMap<UpstreamName, Upstream>;

keyword! {
    /// A provider whose habits are known.
    UpstreamProvider {
        /// Google.
        Google = "google",
        /// GitHub, or a GitHub Enterprise Server.
        GitHub = "github",
        /// Microsoft Entra ID.
        Entra = "entra",
        /// User pools of Amazon Cognito.
        Cognito = "cognito",
        /// Okta.
        Okta = "okta",
    }
}

/// A provider at which people log in, or connect accounts that tools act for. Its redirect URI for this server is `/authorize/login/NAME` at the server's origin.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Upstream {
    /// Which provider it is: `google`, `github`, `entra`, `cognito` or `okta`. Without it, an OpenID Connect provider of which nothing else is
    /// known.
    #[serde(default)]
    pub provider: Option<UpstreamProvider>,
    /// Its issuer identifier, byte for byte as its metadata says it: `https`, or `http` on loopback. Google has one for everybody, and GitHub none.
    #[serde(default)]
    pub issuer: Option<IssuerUrl>,
    /// The client identifier of this server there.
    pub client_id: NonEmpty,
    /// Where its secret is. Without it, this server is a public client there, with PKCE alone.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// What is asked for. Without it, what the provider is known to need: `openid`, of most `profile` and `email` too, of Entra ID and Okta
    /// `offline_access`, and of GitHub nothing. With `offline_access` a provider gives a refresh token, by which each refresh here asks whether
    /// it still knows the person.
    #[serde(default)]
    pub scopes: Option<Vec<ScopeToken>>,
    /// Who is let in, or whose account may be connected: `"anyone"` who can log in there, or a table of lists, of which one that names the person suffices. Without it nobody is, and
    /// the server does not start.
    #[serde(default)]
    pub allow: Option<UpstreamAllow>,
    /// The claim that says the groups of `allow.groups`: its name, or a list of up to 8 names that lead into nested objects. Known of Cognito
    /// (`cognito:groups`), Okta and Entra ID (`groups`).
    #[serde(default)]
    pub groups_claim: Option<ClaimPath>,
    /// Claims of the provider that tokens of this server say too, under their own names, for `[roles]`: at most 16, and of one person 4096
    /// bytes together. They are as the provider said them last, at the login or at a refresh.
    #[serde(default)]
    pub claims: Vec<ClaimPath>,
    /// By what people can log in there (`acr`), in the words of the provider, the strongest first: a login by one counts for those behind it.
    /// Metadata names them, and a request that asks for some of them (`acr_values`) gets a login that reaches one, or an error. Without
    /// them `acr_values` are passed on and nothing depends on the answer.
    #[serde(default)]
    pub acr_values: Vec<AcrValue>,
    /// Of a GitHub Enterprise Server: where people log in, `https://HOST/login/oauth/authorize`.
    #[serde(default)]
    pub authorization_endpoint: Option<HttpUrl>,
    /// Of a GitHub Enterprise Server: where codes are redeemed, `https://HOST/login/oauth/access_token`.
    #[serde(default)]
    pub token_endpoint: Option<HttpUrl>,
    /// Of a GitHub Enterprise Server: its API, `https://HOST/api/v3`.
    #[serde(default)]
    pub api: Option<HttpUrl>,
}

impl Upstream {
    /// What is known of the provider.
    pub fn preset(&self) -> &'static UpstreamPreset {
        match self.provider {
            None => &upstream::PLAIN,
            Some(UpstreamProvider::Google) => &upstream::GOOGLE,
            Some(UpstreamProvider::GitHub) => &upstream::GITHUB,
            Some(UpstreamProvider::Entra) => &upstream::ENTRA,
            Some(UpstreamProvider::Cognito) => &upstream::COGNITO,
            Some(UpstreamProvider::Okta) => &upstream::OKTA,
        }
    }

    /// Its issuer identifier, as configured or as it is known.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_ref().map(|issuer| issuer.as_str()).or(self.preset().issuer)
    }

    /// What is asked for.
    pub fn scopes(&self) -> Vec<&str> {
        match &self.scopes {
            Some(scopes) => scopes.iter().map(ScopeToken::as_str).collect(),
            None => self.preset().scopes(self.asks_for_organizations()),
        }
    }

    /// Whether it has to be known of which organizations a person is.
    pub fn asks_for_organizations(&self) -> bool {
        let lists = self.allow.as_ref().and_then(UpstreamAllow::lists);
        let is_passed_on = |path: &ClaimPath| path.names().next() == self.preset().organization_claim;
        lists.is_some_and(|lists| !lists.organizations.is_empty()) || self.claims.iter().any(is_passed_on)
    }

    /// The claim that says groups: the names that lead to it.
    pub fn groups_claim(&self) -> Option<Vec<&str>> {
        let configured = self.groups_claim.as_ref().map(|path| path.names().collect());
        configured.or_else(|| self.preset().groups_claim.map(|name| vec![name]))
    }
}
