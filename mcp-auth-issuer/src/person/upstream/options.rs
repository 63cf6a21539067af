//! Which provider people log in at, and what it says where.

use mcp_auth_core::{Acr, IssuerIdentifier, ScopeSet, SecretText};
use url::Url;

use super::admission::Admitted;

/// A provider at which people log in.
///
/// # Example
/// ```
/// use mcp_auth_issuer::upstream::{Admitted, UpstreamOptions};
/// let issuer = "https://login.example".parse().unwrap();
/// let options = UpstreamOptions { admitted: Admitted::Anyone, ..UpstreamOptions::openid("company", issuer, "us") };
/// assert_eq!(options.scopes.to_string(), "openid");
/// ```
#[derive(Debug, Clone)]
pub struct UpstreamOptions {
    /// Its name here, of `A-Z a-z 0-9 _ -`. Its redirect URI for us is `/authorize/login/` and this name, at our origin.
    pub name: String,
    /// What pages call it; without it, its host.
    pub title: Option<String>,
    /// How it is asked.
    pub provider: UpstreamProvider,
    /// Our client identifier there.
    pub client_id: String,
    /// Our secret there; without it we are a public client, with PKCE alone.
    pub client_secret: Option<SecretText>,
    /// What we ask for: of an OpenID Connect provider `openid`, and for example `profile`, for a name to show.
    pub scopes: ScopeSet,
    /// How it is asked for a refresh token, with which a refresh here follows it.
    pub offline: OfflineAccess,
    /// In which claims it says what.
    pub said_in: SaidIn,
    /// Who is let in.
    pub admitted: Admitted,
    /// Claims that our tokens say too, each by the names that lead to it: none that the issuer writes itself.
    pub claims: Vec<Vec<String>>,
    /// By what people can log in there (`acr`), the strongest first. A request that asks for some of them gets a login that reaches one, or
    /// an error; without them nothing depends on the `acr` of an answer.
    pub acr_values: Vec<Acr>,
}

/// How a provider is asked for a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OfflineAccess {
    /// By the scope `offline_access`, where it is one of [`UpstreamOptions::scopes`] (OpenID Connect Core 1.0 §11).
    #[default]
    Scope,
    /// By `access_type=offline`, as Google has it.
    AccessType,
}

/// How a provider is asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum UpstreamProvider {
    /// By OpenID Connect.
    OpenId {
        /// Its issuer identifier: https, or http on loopback. Its metadata says the same, byte for byte.
        issuer: IssuerIdentifier,
        /// Of one that serves several tenants, those whose ID tokens are believed.
        tenants: Option<UpstreamTenants>,
    },
    /// As GitHub is: by OAuth 2.0, and then at its API.
    GitHub(GitHubEndpoints),
}

/// Tenants of a provider that says the tenant's own issuer in ID tokens.
#[derive(Debug, Clone)]
pub struct UpstreamTenants {
    /// What `iss` says, with `{tenantid}` for the tenant.
    pub template: String,
    /// The claim that says the tenant too.
    pub claim: String,
    /// Their names.
    pub names: Vec<String>,
}

/// Where GitHub, or a GitHub Enterprise Server, is asked: https, or http on loopback.
#[derive(Debug, Clone)]
pub struct GitHubEndpoints {
    /// Where people log in.
    pub authorization: Url,
    /// Where codes are redeemed.
    pub token: Url,
    /// Its API, without a slash at its end.
    pub api: Url,
}

/// In which claims a provider says what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidIn {
    /// The claims that tell a person from all others, for ever. Of several, a value but the last has no slash.
    pub subject: Vec<String>,
    /// The domain of a person.
    pub domain: DomainIn,
    /// The claim of organizations.
    pub organization: Option<String>,
    /// The claim of the tenant.
    pub tenant: Option<String>,
    /// The claim of groups, by the names that lead to it.
    pub groups: Option<Vec<String>>,
}

/// Where a provider says the domain of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DomainIn {
    /// In this claim, which it vouches for.
    Claim(String),
    /// In `email`, behind the `@`, where `email_verified` says so.
    VerifiedEmail,
    /// Nowhere.
    Nowhere,
}

/// What the standard says of ID tokens (OpenID Connect Core 1.0 §5.1).
impl Default for SaidIn {
    fn default() -> Self {
        Self {
            subject: vec!["sub".to_owned()],
            domain: DomainIn::VerifiedEmail,
            organization: Some("org_id".to_owned()),
            tenant: None,
            groups: None,
        }
    }
}

impl UpstreamOptions {
    /// The OpenID Connect provider of this issuer identifier, called `name` here, where we are a public client of this identifier. Nobody is let
    /// in.
    pub fn openid(name: &str, issuer: IssuerIdentifier, client_id: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: None,
            provider: UpstreamProvider::OpenId { issuer, tenants: None },
            client_id: client_id.to_owned(),
            client_secret: None,
            scopes: ScopeSet::parse_lossy("openid"),
            offline: OfflineAccess::default(),
            said_in: SaidIn::default(),
            admitted: Admitted::default(),
            claims: Vec::new(),
            acr_values: Vec::new(),
        }
    }

    /// Whether a refresh token is asked for. Where it is not, one may come all the same.
    pub(super) fn asks_for_refresh_token(&self) -> bool {
        match self.offline {
            OfflineAccess::Scope => self.scopes.contains("offline_access"),
            OfflineAccess::AccessType => true,
        }
    }

    /// What it is called where it names itself (`iss`), and what tells it from others.
    pub(super) fn issuer(&self) -> &str {
        match &self.provider {
            UpstreamProvider::OpenId { issuer, .. } => issuer.as_str(),
            UpstreamProvider::GitHub(endpoints) => endpoints.issuer(),
        }
    }

    /// Whether it may call itself so in an answer (RFC 9207 §2.4).
    pub(super) fn is_called(&self, iss: &str) -> bool {
        let is_a_tenant =
            |tenants: &UpstreamTenants| tenants.names.iter().any(|name| tenants.iss(name) == iss);
        match &self.provider {
            UpstreamProvider::OpenId { tenants: Some(tenants), .. } if is_a_tenant(tenants) => true,
            UpstreamProvider::OpenId { .. } | UpstreamProvider::GitHub(_) => self.issuer() == iss,
        }
    }

    /// What `iss` says of the person who is `stable` there.
    pub(super) fn iss_of(&self, stable: &str) -> String {
        match (&self.provider, stable.split_once('/')) {
            (UpstreamProvider::OpenId { tenants: Some(tenants), .. }, Some((tenant, _))) => {
                tenants.iss(tenant)
            }
            (_, _) => self.issuer().to_owned(),
        }
    }
}

impl GitHubEndpoints {
    /// Those of github.com.
    ///
    /// - Source: docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps.
    ///
    /// # Errors
    /// None of these: they are URLs.
    pub fn github_com() -> Result<Self, url::ParseError> {
        Ok(Self {
            authorization: Url::parse("https://github.com/login/oauth/authorize")?,
            token: Url::parse("https://github.com/login/oauth/access_token")?,
            api: Url::parse("https://api.github.com")?,
        })
    }

    /// What stands for its issuer identifier: of github.com `https://github.com/login/oauth`.
    fn issuer(&self) -> &str {
        let url = self.authorization.as_str();
        url.strip_suffix("/authorize").unwrap_or(url)
    }
}

impl UpstreamTenants {
    /// What `iss` says of this tenant.
    pub(super) fn iss(&self, tenant: &str) -> String {
        self.template.replace(mcp_auth_runtime::facade::ANY_TENANT, tenant)
    }
}
