//! Clients that registered themselves (RFC 7591).

use std::collections::BTreeSet;

use mcp_auth_core::ScopeSet;
use serde::{Deserialize, Serialize};

use crate::{SecretHash, StoreFuture};

/// A client (OAuth 2.1 §2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Client {
    /// The `client_id` that the issuer gave it.
    pub id: String,
    /// The name that the client chose for itself. It is unverified, and pages show it as such.
    pub name: Option<String>,
    /// Where answers to it may be sent, byte for byte as registered. The caller that registers the client has checked
    /// them.
    pub redirect_uris: Vec<String>,
    /// What it may present at the token endpoint. A person decides each time which scopes an `authorization_code` is for: the scope from
    /// a registration is not a limit, because clients register with the scope of the first challenge and step up later.
    pub grant_types: BTreeSet<GrantType>,
    /// The largest set of scopes that it can get where no person decides, as the configuration says.
    #[serde(default)]
    pub scopes: ScopeSet,
    /// How it authenticates.
    pub credential: ClientCredential,
    /// Whether it registered to send its secret in the form (`client_secret_post`). It may send it in either way; this is what it is answered
    /// (RFC 7592 §3).
    #[serde(default)]
    pub secret_in_form: bool,
    /// When it was registered, in Unix seconds.
    #[serde(default)]
    pub registered_at: u64,
    /// The hash of its registration access token (RFC 7592 §3). Only a client that nobody else is given too has one.
    #[serde(default)]
    pub registration_token: Option<SecretHash>,
    /// Whether its authorization requests have to be pushed (`require_pushed_authorization_requests`, RFC 9126 §6).
    #[serde(default)]
    pub require_par: bool,
    /// Whether its token requests need a proof of a key (`dpop_bound_access_tokens`, RFC 9449 §5.2).
    #[serde(default)]
    pub dpop_bound: bool,
}

/// What a client may present at the token endpoint (`grant_types`, RFC 7591 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GrantType {
    /// OAuth 2.1 §4.1.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// OAuth 2.1 §4.3.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// OAuth 2.1 §4.2.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// RFC 8628.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 8693.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// RFC 7523 §2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
}

/// How a client authenticates (OAuth 2.1 §2.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientCredential {
    /// It does not: a public client.
    None,
    /// By a secret, of which this is the hash.
    Secret(SecretHash),
    /// By assertions that one of its keys signs (`private_key_jwt`, RFC 7523 §2.2).
    Keys(ClientKeys),
}

/// The public keys of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientKeys {
    /// This JWK Set (RFC 7517 §5), as JSON.
    Set(String),
    /// The JWK Set at this URL.
    At(String),
}

impl Client {
    /// Whether it may present this.
    pub fn may(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// What a client may present that acts for people: codes and, where `refresh`, refresh tokens.
    pub fn for_people(refresh: bool) -> BTreeSet<GrantType> {
        let refresh = refresh.then_some(GrantType::RefreshToken);
        [GrantType::AuthorizationCode].into_iter().chain(refresh).collect()
    }

    /// Whether it authenticates in no way.
    pub fn is_public(&self) -> bool {
        self.credential == ClientCredential::None
    }
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
    ];

    /// The value of `grant_type` at the token endpoint.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant_type| grant_type.as_str() == name)
    }
}

/// What became of a registration.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The client that is kept.
    pub client: Client,
    /// The identifiers of the clients that were removed to make room for it, before their time.
    pub evicted: Vec<String>,
}

/// How long a client is kept that nobody allowed anything, in seconds.
pub(crate) const UNUSED_LIFETIME: u64 = 60 * 60;

/// How much longer than its last grant a client is kept, in seconds: a client whose grant has just ended is told so, and not that it is
/// unknown.
pub(crate) const KEPT_BEYOND: u64 = 24 * 60 * 60;

/// So many clients are kept that one person alone ever allowed something, which is more than a person uses; over it, the one of them goes that was used longest
/// ago. So a few people cannot take the places of all others. A client that a second person allows something counts for nobody: it is not theirs to
/// push out.
pub(crate) const MOST_CLIENTS_OF_A_PERSON: u64 = 200;

/// The clients that registered themselves. One that nobody ever allows anything is gone after an hour, and one that was used at least
/// half a day after its last grant, or an hour after its last code where it does not refresh.
pub trait Clients: Send + Sync {
    /// Keeps a client, and returns it. Clients that say the same about themselves are `alike`: if one such client is kept already, it
    /// is returned instead, for its hour anew. If many register at once that are alike, all of them get the same one.
    ///
    /// If there are too many, the least recently used one is [removed](Self::remove). Clients that no person ever allowed anything are removed first:
    /// anyone can register a client, but only a person can allow it something.
    fn register(&self, client: Client, alike: Option<SecretHash>, now: u64) -> StoreFuture<'_, Registered>;

    /// The client with this identifier, if it is still kept at `now`.
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Client>>;

    /// The client that those are given that are alike, if it is still kept at `now`. Nothing counts as a use of it.
    fn find_alike(&self, alike: SecretHash, now: u64) -> StoreFuture<'_, Option<Client>>;

    /// Replaces what is kept of a client, but not how it was used (RFC 7592 §2.2). Returns whether there was one.
    fn change(&self, client: Client, now: u64) -> StoreFuture<'_, bool>;

    /// Removes a client, its grants, and what people allowed it (RFC 7592 §2.3). Its access tokens are [revoked](crate::Revocations), those of
    /// grants that are not kept too, by one [entry](crate::Revoked::Client), however many people allowed it something.
    fn remove<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
