//! `[issuer]`: whether this process issues tokens, and how people log in. Off loopback it has a login that asks for proof, a store that
//! lasts, and https.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::section::accounts::Accounts;
use crate::config::section::client_documents::ClientDocuments;
pub use crate::config::section::issuer_assertions::{AssertionKind, IssuerAssertions, IssuerWorkload};
pub use crate::config::section::issuer_client::IssuerClient;
pub use crate::config::section::issuer_login::IssuerLogin;
use crate::config::section::own_login::OwnLogin;
use crate::config::section::registration::Registration;
use crate::config::section::users::{UserEntry, Users};
use crate::config::value::{RoleName, duration, keyword};
use mcp_auth_core::bounds;

duration! {
    /// How long an access token is valid.
    AccessTokenLifetime within ACCESS_TOKEN_LIFETIME
}
duration! {
    /// How long a refresh token is valid after its last use.
    RefreshTokenLifetime within REFRESH_TOKEN_LIFETIME
}
duration! {
    /// How long an authorization code is valid.
    CodeLifetime within CODE_LIFETIME
}

duration! {
    /// For how long a login that a client was allowed can be refreshed in all.
    GrantLifetime within GRANT_LIFETIME
}
duration! {
    /// For how long a browser stays logged in.
    SessionLifetime within SESSION_LIFETIME
}
duration! {
    /// For how long a replaced refresh token gives the same next one again.
    RefreshGrace within REFRESH_GRACE
}

keyword! {
    /// What tokens are signed with.
    SigningAlg {
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
        /// RSASSA-PKCS1-v1_5 with SHA-256, by a key of 2048 bits.
        Rs256 = "RS256",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

/// The built-in issuer, whose tokens are accepted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BuiltInIssuer {
    /// Whether this process issues tokens. Without this key a file turns it on that has an `[issuer]` table, an empty
    /// one too; a variable such as `MCP_ISSUER__USERS` alone does not.
    pub enabled: Option<bool>,
    /// The directory of the signing keys, made if it is missing; relative to the configuration file. A store that lasts keeps the keys for
    /// all its servers.
    pub state_dir: PathBuf,
    /// What new signing keys sign with: `ES256`; `RS256`, for programs that verify nothing else; or `EdDSA`. A key that is there stays:
    /// `mcp-auth issuer keys rotate` makes another one.
    pub signing_alg: SigningAlg,
    /// How long an access token is valid.
    pub access_token_lifetime: AccessTokenLifetime,
    /// How long a refresh token is valid after its last use.
    pub refresh_token_lifetime: RefreshTokenLifetime,
    /// How long an authorization code is valid.
    pub code_lifetime: CodeLifetime,
    /// For how long a login that a client was allowed can be refreshed in all, however often it is used. Then the person logs in again.
    pub grant_lifetime: GrantLifetime,
    /// For how long a refresh token that was replaced gives the same next one again, for processes of one client that refresh at the same
    /// moment. Without it the second one ends the login, since a refresh token that comes twice may be a stolen copy.
    pub refresh_grace: RefreshGrace,
    /// For how long a browser stays logged in here: so long the person is not asked again by this server. An application can ask for a newer
    /// login (`max_age`, `prompt=login`).
    pub session_lifetime: SessionLifetime,
    /// Whether each authorization request has to be pushed first (RFC 9126): the client sends it to this server itself, so that the browser
    /// only carries a name for it. Many clients cannot do that.
    pub require_par: bool,
    /// How people log in: `development` (one button for each of `users`, and no password), `accounts` (with a name and a password; accounts are in
    /// the store, which has to be one that lasts, and `mcp-auth issuer user` makes them), `own` (on a page of an application that has its own
    /// users: `own_login`), or the name of one of `[upstreams]` (at that provider).
    pub login: IssuerLogin,
    /// The application at which people log in, with `login = "own"`.
    pub own_login: Option<OwnLogin>,
    /// The users the development login offers, one button each: a list of names; or a table for each, `[issuer.users.NAME]`, with
    /// what its tokens say besides: `roles` (a list of names of `[roles]`) and `claims` (a table). With accounts, such a table is about
    /// the account of this name.
    pub users: Users,
    /// Clients that the operator registered.
    pub clients: Vec<IssuerClient>,
    /// Other issuers, whose assertions stand for a grant.
    pub assertions: Vec<IssuerAssertions>,
    /// How people log in with accounts.
    pub accounts: Accounts,
    /// Whether clients of `clients` that name the grant type of device codes may use it (RFC 8628): programs without a browser, for which a
    /// person logs in elsewhere. Such a login can be asked for by anybody who talks a person into it, so it is off.
    pub device_code: bool,
    /// Clients that describe themselves at a URL of their own.
    pub client_documents: ClientDocuments,
    /// Clients that register themselves.
    pub registration: Registration,
}

impl Default for BuiltInIssuer {
    fn default() -> Self {
        Self {
            enabled: None,
            state_dir: PathBuf::from(".mcp-auth"),
            signing_alg: SigningAlg::default(),
            access_token_lifetime: AccessTokenLifetime::default(),
            refresh_token_lifetime: RefreshTokenLifetime::default(),
            code_lifetime: CodeLifetime::default(),
            grant_lifetime: GrantLifetime::default(),
            refresh_grace: RefreshGrace::default(),
            session_lifetime: SessionLifetime::default(),
            require_par: false,
            login: IssuerLogin::default(),
            own_login: None,
            users: Users::named("developer".parse()),
            clients: Vec::new(),
            assertions: Vec::new(),
            accounts: Accounts::default(),
            device_code: false,
            client_documents: ClientDocuments::default(),
            registration: Registration::default(),
        }
    }
}

impl BuiltInIssuer {
    /// The programs that get tokens by assertions of their platforms.
    pub fn workloads(&self) -> impl Iterator<Item = &IssuerWorkload> {
        self.assertions.iter().flat_map(|assertions| &assertions.workloads)
    }

    /// The users who are people, by name: those that the development login offers. With another login, those of whom tokens say something; the
    /// user of the default is not there then.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        let are_offered = self.login.is_for_development();
        let says = |user: &UserEntry| !user.roles.is_empty() || !user.claims.is_empty();
        let people = self.users.iter().filter(move |(_, user)| are_offered || says(user));
        people.map(|(name, _)| name)
    }

    /// Each user, each client and each workload, with the roles and the claims that its tokens say.
    pub fn subjects(&self) -> impl Iterator<Item = (&str, &[RoleName], &Map<String, Value>)> {
        let users = self.users.iter().map(|(name, user)| (name, &*user.roles, &user.claims));
        let clients =
            self.clients.iter().map(|client| (client.client_id.as_str(), &*client.roles, &client.claims));
        let workloads = self.workloads().map(|one| (one.client_id.as_str(), &*one.roles, &one.claims));
        users.chain(clients).chain(workloads)
    }
}
