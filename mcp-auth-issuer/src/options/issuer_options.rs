//! The options, and their defaults.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use mcp_auth_core::bounds;
use serde_json::{Map, Value};

use crate::assertion::{AssertionOptions, AssertionProfile};
use crate::client::document::ClientDocuments;
use crate::client::named::NamedClient;
use crate::endpoint::RegistrationOptions;
use crate::key::{KeySource, SigningAlgorithm};
use crate::person::TakenNames;
use crate::person::accounts::AccountsOptions;
use crate::person::own::OwnLoginOptions;
use crate::person::upstream::UpstreamOptions;

/// The options of the built-in issuer.
///
/// # Example
/// ```
/// use mcp_auth_issuer::IssuerOptions;
/// use std::time::Duration;
/// let options = IssuerOptions { access_token_lifetime: Duration::from_secs(300), ..IssuerOptions::ephemeral() };
/// assert_eq!(options.users, ["developer"]);
/// ```
#[derive(Debug, Clone)]
pub struct IssuerOptions {
    /// Where the signing keys come from.
    pub signing_key: KeySource,
    /// What new keys sign with. **(default: ES256)**
    pub signing_alg: SigningAlgorithm,
    /// Lifetime of access tokens: [`bounds::ACCESS_TOKEN_LIFETIME`].
    pub access_token_lifetime: Duration,
    /// A refresh token that is not used for this long expires: [`bounds::REFRESH_TOKEN_LIFETIME`].
    pub refresh_token_lifetime: Duration,
    /// Lifetime of authorization codes: [`bounds::CODE_LIFETIME`].
    pub code_lifetime: Duration,
    /// A login that a client was allowed can be refreshed for so long in all: [`bounds::GRANT_LIFETIME`].
    pub grant_lifetime: Duration,
    /// For so long a refresh token that was replaced gives the same next one again, for processes of one client that refresh at the same
    /// moment: [`bounds::REFRESH_GRACE`].
    pub refresh_grace: Duration,
    /// How long a browser stays logged in: 1 s to 30 days. **(default: 8 h)**
    pub session_lifetime: Duration,
    /// How people log in. **(default: the development login)**
    pub login: LoginOptions,
    /// Providers at which people connect accounts that tools act for; none of them is the one that people log in at. **(default: none)**
    pub connections: Vec<UpstreamOptions>,
    /// The users that the development login offers, by subject: one to 32 names. **(default: `developer`)**
    pub users: Vec<String>,
    /// Clients that the operator registered. **(default: none)**
    pub clients: Vec<NamedClient>,
    /// Issuers whose assertions stand for a grant. **(default: none)**
    pub assertions: Vec<AssertionOptions>,
    /// Whether clients may use device codes (RFC 8628): those of [`clients`](Self::clients) that name this grant type. **(default: false)**
    pub device_code: bool,
    /// What tokens of a user or a client say besides, by subject. **(default: nothing)**
    pub claims: BTreeMap<String, Map<String, Value>>,
    /// How many clients may register in a minute: 1 to 60 million. So many may come at once, and after that one whenever
    /// its share of the minute has passed; what comes sooner is answered 429. All clients without an initial access token are counted together,
    /// and those of each initial access token by themselves: each has this number of its own. **(default: 120)**
    pub registrations_per_minute: u32,
    /// Who may register a client. **(default: any client)**
    pub registration: RegistrationOptions,
    /// Whether each authorization request has to be pushed first (RFC 9126). **(default: no)**
    pub require_par: bool,
    /// Clients that describe themselves at a URL of their own. **(default: those on the internet)**
    pub client_documents: ClientDocuments,
}

/// How people log in.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum LoginOptions {
    /// With one click, as one of [`IssuerOptions::users`]: for development on loopback only.
    #[default]
    Development,
    /// With an account in the store. It has to be one that lasts.
    Accounts(AccountsOptions),
    /// On a page of an application that has its own users.
    Own(Box<OwnLoginOptions>),
    /// At a provider.
    Upstream(Box<UpstreamOptions>),
}

impl IssuerOptions {
    /// The defaults, with a signing key kept in `dir`.
    pub fn in_state_dir(dir: impl Into<PathBuf>) -> Self {
        Self::new(KeySource::StateDir(dir.into()))
    }

    /// The defaults, with a signing key that is lost when the process ends.
    pub fn ephemeral() -> Self {
        Self::new(KeySource::Ephemeral)
    }

    /// The defaults, with this key.
    pub fn new(signing_key: KeySource) -> Self {
        Self {
            signing_key,
            signing_alg: SigningAlgorithm::default(),
            access_token_lifetime: bounds::ACCESS_TOKEN_LIFETIME.default,
            refresh_token_lifetime: bounds::REFRESH_TOKEN_LIFETIME.default,
            code_lifetime: bounds::CODE_LIFETIME.default,
            grant_lifetime: bounds::GRANT_LIFETIME.default,
            refresh_grace: bounds::REFRESH_GRACE.default,
            session_lifetime: bounds::SESSION_LIFETIME.default,
            login: LoginOptions::default(),
            connections: Vec::new(),
            users: vec!["developer".to_owned()],
            clients: Vec::new(),
            assertions: Vec::new(),
            device_code: false,
            claims: BTreeMap::new(),
            registrations_per_minute: 120,
            registration: RegistrationOptions::default(),
            require_par: false,
            client_documents: ClientDocuments::default(),
        }
    }

    /// The names that no person has who logs in.
    pub fn taken_names(&self) -> TakenNames {
        let clients = self.clients.iter().map(|client| client.id.as_str());
        let workloads = self.assertions.iter().flat_map(AssertionOptions::workloads);
        let of_people = self.assertions.iter().filter(|one| matches!(one.profile, AssertionProfile::IdJag));
        TakenNames::new(
            clients.chain(workloads.map(|workload| workload.client_id.as_str())),
            of_people.map(|one| one.issuer.as_str()),
        )
    }
}
