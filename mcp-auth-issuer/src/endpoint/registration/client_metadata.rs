//! What a client says of itself (RFC 7591 §2), checked, and what is kept and answered of it.

use mcp_auth_store::{Client, ClientCredential, ClientKeys, GrantType};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::client::keys::of_metadata;
use crate::client::redirect_uri::RedirectUri;
use mcp_auth_store::SecretHash;

/// The two ways to send a secret (RFC 7591 §2).
const IN_BASIC: &str = "client_secret_basic";
const IN_FORM: &str = "client_secret_post";

const MAX_REDIRECT_URIS: usize = 16;
/// The most characters of a client's name that are kept.
const MAX_NAME: usize = 200;

/// Client metadata (RFC 7591 §2). Members that are not listed here are ignored, as that section says, above all
/// `scope`, because clients register with the scope of the first challenge and step up to more later.
#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    client_name: Option<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    /// RFC 9126 §6.
    #[serde(default)]
    require_pushed_authorization_requests: bool,
    /// RFC 9449 §5.2.
    #[serde(default)]
    dpop_bound_access_tokens: bool,
}

/// Client metadata that was checked against the rules.
pub(super) struct Registration {
    pub(super) redirect_uris: Vec<RedirectUri>,
    pub(super) auth_method: AuthMethod,
    pub(super) refresh: bool,
    pub(super) name: Option<String>,
    /// Whether its authorization requests have to be pushed.
    pub(super) require_par: bool,
    /// Whether its token requests need a proof of a key.
    pub(super) dpop_bound: bool,
}

/// How a client that registers authenticates (`token_endpoint_auth_method`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AuthMethod {
    None,
    /// By a secret, of which it says this.
    Secret(&'static str),
    Keys(ClientKeys),
}

/// What is answered beside what a client said of itself.
#[derive(Default)]
pub(super) struct Given<'a> {
    pub(super) secret: Option<&'a str>,
    /// The URL and the token for [`manage`](super::manage).
    pub(super) managed: Option<(String, &'a str)>,
}

impl TryFrom<Metadata> for Registration {
    type Error = Refusal;

    fn try_from(metadata: Metadata) -> Result<Self, Refusal> {
        let redirect_uris = match metadata.redirect_uris.len() {
            0 => return Err(Refusal::NoRedirectUri),
            1..=MAX_REDIRECT_URIS => metadata.redirect_uris.iter().enumerate(),
            many => return Err(Refusal::TooManyRedirectUris(many)),
        };
        let redirect_uris = redirect_uris
            .map(|(index, uri)| uri.parse().map_err(|source| Refusal::RedirectUri { index, source }))
            .collect::<Result<_, _>>()?;
        let auth_method = match metadata.token_endpoint_auth_method.as_deref() {
            Some("none") => AuthMethod::None,
            // If it is absent, this is the default (RFC 7591 §2).
            Some(IN_BASIC) | None => AuthMethod::Secret(IN_BASIC),
            Some(IN_FORM) => AuthMethod::Secret(IN_FORM),
            Some("private_key_jwt") => {
                AuthMethod::Keys(of_metadata(metadata.jwks.as_ref(), metadata.jwks_uri.as_deref())?)
            }
            Some(_) => return Err(Refusal::AuthMethod),
        };
        // Grant types that are not supported, or not for clients that registered themselves, are left out of the
        // answer (RFC 7591 §3.2.1 allows this). A client that names no grant types gets refresh tokens too.
        let refresh = match &metadata.grant_types {
            Some(grants) if !contains(grants, "authorization_code") => return Err(Refusal::GrantTypes),
            Some(grants) => contains(grants, "refresh_token"),
            None => true,
        };
        if metadata.response_types.is_some_and(|types| !contains(&types, "code")) {
            return Err(Refusal::ResponseTypes);
        }
        let name = metadata.client_name.map(|name| name.chars().take(MAX_NAME).collect());
        let require_par = metadata.require_pushed_authorization_requests;
        let dpop_bound = metadata.dpop_bound_access_tokens;
        Ok(Self { redirect_uris, auth_method, refresh, name, require_par, dpop_bound })
    }
}

fn contains(values: &[String], wanted: &str) -> bool {
    values.iter().any(|value| value == wanted)
}

impl AuthMethod {
    fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Secret(name) => name,
            Self::Keys(_) => "private_key_jwt",
        }
    }

    /// Whether it is by a secret in the form.
    pub(super) fn is_in_form(&self) -> bool {
        *self == Self::Secret(IN_FORM)
    }

    /// Whether a client that authenticates by `credential` does it in this way.
    pub(super) fn is_that_of(&self, credential: &ClientCredential) -> bool {
        matches!(
            (self, credential),
            (Self::None, ClientCredential::None)
                | (Self::Secret(_), ClientCredential::Secret(_))
                | (Self::Keys(_), ClientCredential::Keys(_))
        )
    }
}

impl std::fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Registration {
    /// What is kept of a client.
    pub(super) fn of(client: &Client) -> Self {
        Self {
            redirect_uris: client.redirect_uris.iter().filter_map(|uri| uri.parse().ok()).collect(),
            auth_method: match &client.credential {
                ClientCredential::None => AuthMethod::None,
                ClientCredential::Secret(_) if client.secret_in_form => AuthMethod::Secret(IN_FORM),
                ClientCredential::Secret(_) => AuthMethod::Secret(IN_BASIC),
                ClientCredential::Keys(keys) => AuthMethod::Keys(keys.clone()),
            },
            refresh: client.may(GrantType::RefreshToken),
            name: client.name.clone(),
            require_par: client.require_par,
            dpop_bound: client.dpop_bound,
        }
    }

    /// The redirect URIs, as they are kept.
    pub(super) fn redirect_uris(&self) -> Vec<String> {
        self.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect()
    }

    /// What is equal for clients that say the same about themselves: all that is kept, without the order of redirect URIs and the ports of
    /// those on loopback, which mean nothing (RFC 8252 §7.3). Hosted clients register each time they connect, for each of their users.
    pub(super) fn alike(&self) -> SecretHash {
        let mut redirect_uris: Vec<_> = self.redirect_uris.iter().map(RedirectUri::without_port).collect();
        redirect_uris.sort();
        redirect_uris.dedup();
        let mut said = vec![json!(self.name), json!(self.refresh), json!(redirect_uris)];
        // Those that were kept before this was known did not say so.
        said.extend(self.require_par.then(|| json!("require_pushed_authorization_requests")));
        said.extend(self.dpop_bound.then(|| json!("dpop_bound_access_tokens")));
        SecretHash::of(&Value::Array(said).to_string())
    }

    /// Client information (RFC 7591 §3.2.1, RFC 7592 §3): the values as registered, which may differ from the request.
    pub(super) fn document(&self, id: &str, registered_at: u64, given: &Given<'_>) -> Value {
        let grant_types: &[_] =
            if self.refresh { &["authorization_code", "refresh_token"] } else { &["authorization_code"] };
        let mut document = json!({
            "client_id": id,
            "client_id_issued_at": registered_at,
            "redirect_uris": self.redirect_uris,
            "token_endpoint_auth_method": self.auth_method.name(),
            "grant_types": grant_types,
            "response_types": ["code"],
        });
        if let Some(name) = &self.name {
            document["client_name"] = json!(name);
        }
        if self.require_par {
            document["require_pushed_authorization_requests"] = json!(true);
        }
        if self.dpop_bound {
            document["dpop_bound_access_tokens"] = json!(true);
        }
        match &self.auth_method {
            AuthMethod::Keys(ClientKeys::Set(set)) => {
                document["jwks"] = serde_json::from_str(set).unwrap_or_default();
            }
            AuthMethod::Keys(ClientKeys::At(url)) => document["jwks_uri"] = json!(url),
            AuthMethod::None | AuthMethod::Secret(_) => {}
        }
        if let Some(secret) = given.secret {
            document["client_secret"] = json!(secret);
            document["client_secret_expires_at"] = json!(0);
        }
        if let Some((url, token)) = &given.managed {
            document["registration_client_uri"] = json!(url);
            document["registration_access_token"] = json!(token);
        }
        document
    }
}
