//! Builds a running issuer from its setup and options.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use mcp_auth_core::net::Origin;
use mcp_auth_core::{InvalidScope, IssuerIdentifier};
use mcp_auth_runtime::config::IssuerReach;
use mcp_auth_runtime::facade::{
    JwtVerifierError, LocalIssuer, LocalIssuerSetup, TokenProofs, UpstreamTokens,
};
use mcp_auth_store::{Client, ConfiguredRights, GrantType, Rate, StoreError};

use crate::assertion::Trusted;
use crate::client::document::{Documents, HttpsFetch, UnreadableAuthorities};
use crate::client::scopes::Declared;
use crate::endpoint::{self, ClientSecrets};
use crate::given::{LetIn, People, rights};
use crate::issuer::{ClientAssertions, Issuer, Lifetimes, Pushes, SingleRevocations};
use crate::key::{KeyError, PublishedKeys};
use crate::options::{InvalidOption, IssuerOptions, LoginOptions};
use crate::person::accounts::{AccountsLogin, PasskeysPolicy};
use crate::person::own::OwnLogin;
use crate::person::passkey::RelyingParty;
use crate::person::upstream::{InvalidUpstream, UpstreamLogin};
use crate::person::{ConsentCookie, Csrf, SessionCookie};
use crate::person::{DevelopmentLogin, Login};
use crate::rate_limit::AddressRate;
use crate::reached::Reached;
use crate::request::origin::{InvalidIssuer, IssuerOrigin};

/// Why an issuer cannot be built; the server then does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The issuer identifier is not valid for the built-in issuer.
    #[error(transparent)]
    Issuer(#[from] InvalidIssuer),
    /// Other computers can reach it, and its login asks for no proof.
    #[error("other computers can reach the built-in issuer, whose login asks for no proof: set issuer.login")]
    WithoutLogin,
    /// An option is out of its range.
    #[error(transparent)]
    Option(#[from] InvalidOption),
    /// People would log in with accounts that are lost when the process ends.
    #[error(
        "people log in with accounts (issuer.login), and the store is in memory, where the accounts would be lost when the process ends: set \
         store.url to one that lasts, such as sqlite:accounts.sqlite, and store.key"
    )]
    AccountsInMemory,
    /// People would use passkeys at an IP address.
    #[error(
        "passkeys are on, and the issuer {0} is at an IP address, which authenticators do not take: set server.public_url to a URL with a \
         host name, such as localhost, or turn off issuer.accounts.passkeys"
    )]
    PasskeysAtAddress(String),
    /// The signing key cannot be read or made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The server declares a scope that is not a valid scope token.
    #[error("the server declares an invalid scope")]
    Scope(#[from] InvalidScope),
    /// The keys of an issuer whose assertions are taken cannot be used.
    #[error(transparent)]
    Assertions(#[from] JwtVerifierError),
    /// People cannot log in at the provider as it is configured.
    #[error("upstreams.{name}: {error}")]
    Upstream {
        /// Its name.
        name: String,
        /// Why.
        error: InvalidUpstream,
    },
    /// The authorities that are to be trusted for client metadata documents cannot be read.
    #[error(transparent)]
    Authorities(#[from] UnreadableAuthorities),
    /// What the configuration gave at the last start cannot be read, so nobody knows whom it gives less now.
    #[error("the store cannot say what the configuration gave before")]
    Store(#[source] StoreError),
}

/// An issuer, and what its configuration gives whom.
pub(crate) struct Built {
    pub(crate) issuer: LocalIssuer,
    pub(crate) rights: ConfiguredRights,
    /// What fetches the descriptions of clients, where they are on.
    pub(crate) fetches: Option<Arc<HttpsFetch>>,
}

/// Builds the built-in issuer, at which people log in as [`IssuerOptions::login`] says. A server [starts](crate::start()) it: here nothing is
/// read from the store, and nothing revoked.
///
/// # Errors
/// [`IssuerError`]: for example an issuer that other computers reach and whose login asks for no proof, or a signing key that other users can
/// read.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use mcp_auth_issuer::{Brand, Caps, DeniedIssued, HttpFetch, IssuerOptions, IssuerReach, LocalIssuerSetup, Store};
/// use mcp_auth_core::ambient::Ambient;
/// let issuer = mcp_auth_issuer::build(
///     LocalIssuerSetup {
///         issuer: "http://localhost:8080".parse().unwrap(),
///         reach: IssuerReach::ThisComputer,
///         resource: "http://localhost:8080/mcp".parse().unwrap(),
///         server_name: "todos".into(),
///         brand: Brand::named("todos"),
///         scopes: [("todos.read".into(), Some("Read your todos".into()))].into(),
///         families: Default::default(),
///         hierarchy: Default::default(),
///         default_scopes: Default::default(),
///         ambient: Ambient::system(),
///         store: Store::memory(Caps::default()),
///         fetch: Arc::new(HttpFetch::new().unwrap()),
///         denied: DeniedIssued::nothing(),
///     },
///     IssuerOptions::ephemeral(),
/// )
/// .unwrap();
/// assert_eq!(issuer.keys.known().jwks["keys"][0]["alg"], "ES256");
/// ```
pub fn build(setup: LocalIssuerSetup, options: IssuerOptions) -> Result<LocalIssuer, IssuerError> {
    built(setup, options).map(|built| built.issuer)
}

pub(crate) fn built(setup: LocalIssuerSetup, options: IssuerOptions) -> Result<Built, IssuerError> {
    let fetch = Arc::clone(&setup.fetch);
    match &options.login {
        LoginOptions::Development if setup.reach == IssuerReach::Network => Err(IssuerError::WithoutLogin),
        LoginOptions::Development => {
            let users = options.users.clone();
            let login = Arc::new(DevelopmentLogin::new(users.clone()));
            assemble(setup, options, (login, People::listed(users)), None)
        }
        LoginOptions::Accounts(_) if !setup.store.lasts() => Err(IssuerError::AccountsInMemory),
        LoginOptions::Accounts(accounts) => {
            let (store, ambient) = (setup.store.clone(), setup.ambient.clone());
            let relying_party = relying_party(accounts.passkeys, &setup.issuer)?;
            let login = AccountsLogin::new(store, ambient, accounts, setup.server_name.clone());
            let host = Origin::of(setup.issuer.url()).map(|origin| origin.host().to_string());
            let login = login.reached_at(host.unwrap_or_default()).with_passkeys(relying_party);
            let login = Arc::new(login);
            assemble(setup, options, (login.clone(), People::any()), Some(login))
        }
        LoginOptions::Own(own) => {
            let login = Arc::new(OwnLogin::new((**own).clone(), fetch));
            assemble(setup, options, (login, People::any()), None)
        }
        LoginOptions::Upstream(upstream) => {
            let name = upstream.name.clone();
            let login = UpstreamLogin::new((**upstream).clone(), fetch, setup.ambient.clone());
            let login = login.map_err(|error| IssuerError::Upstream { name, error })?;
            let people = People { listed: upstream.listed(), rules: upstream.rules() };
            assemble(setup, options, (Arc::new(login), people), None)
        }
    }
}

/// Who the issuer is to authenticators, where people use passkeys.
fn relying_party(
    policy: PasskeysPolicy,
    issuer: &IssuerIdentifier,
) -> Result<Option<RelyingParty>, IssuerError> {
    let relying_party = Origin::of(issuer.url()).and_then(|origin| RelyingParty::of(&origin));
    match (policy, relying_party) {
        (PasskeysPolicy::Off, _) => Ok(None),
        (PasskeysPolicy::On, None) => Err(IssuerError::PasskeysAtAddress(issuer.to_string())),
        (PasskeysPolicy::WherePossible, None) => {
            tracing::info!(%issuer, "people cannot use passkeys: the issuer is at an IP address, and authenticators take host names only");
            Ok(None)
        }
        (PasskeysPolicy::On | PasskeysPolicy::WherePossible, there) => Ok(there),
    }
}

/// As [`build`], with a login of the program's own; [`IssuerOptions::login`] does not count.
///
/// # Errors
/// As [`build`].
pub fn build_with(
    setup: LocalIssuerSetup,
    options: IssuerOptions,
    login: Arc<dyn Login>,
) -> Result<LocalIssuer, IssuerError> {
    built_with(setup, options, login).map(|built| built.issuer)
}

pub(crate) fn built_with(
    setup: LocalIssuerSetup,
    options: IssuerOptions,
    login: Arc<dyn Login>,
) -> Result<Built, IssuerError> {
    assemble(setup, options, (login, People::any()), None)
}

/// `people`: whom the login lets in.
fn assemble(
    setup: LocalIssuerSetup,
    options: IssuerOptions,
    (login, people): (Arc<dyn Login>, People),
    accounts: Option<Arc<AccountsLogin>>,
) -> Result<Built, IssuerError> {
    let origin = IssuerOrigin::new(setup.issuer.clone(), setup.reach)?;
    let proofs_at = |path| {
        TokenProofs::new(&format!("{}{path}", setup.issuer))
            .ok_or_else(|| InvalidIssuer::NotAnOrigin(setup.issuer.to_string()))
    };
    let (proofs, push_proofs) = (proofs_at(endpoint::TOKEN)?, proofs_at(endpoint::PAR)?);
    let scopes = Declared::new(setup.scopes, setup.families, setup.hierarchy, setup.default_scopes)?;
    let registrations = options.check(|scope| scopes.contains(scope))?;
    let now = setup.ambient.clock.unix_now();
    let keys = options.signing_key.open(options.signing_alg, now)?;
    let documents = &options.client_documents;
    documents.warn();
    let https = Arc::new(HttpsFetch::new(documents.private.clone(), documents.authorities()?));
    let fetches = documents.enabled.then(|| Arc::clone(&https));
    let documents = Documents::new(documents, https);
    for client in &options.clients {
        client.keys_can_be_fetched(&documents)?;
    }
    let assertions = match options.assertions.is_empty() {
        true => Trusted::default(),
        false => Trusted::new(&options.assertions, &setup.issuer, &setup.fetch, &setup.ambient)?,
    };
    let mut connections = BTreeMap::new();
    for connection in &options.connections {
        let name = connection.name.clone();
        let provider =
            UpstreamLogin::new(connection.clone(), Arc::clone(&setup.fetch), setup.ambient.clone());
        let provider = match login.upstream() == Some(&*name) || connections.contains_key(&name) {
            true => Err(InvalidUpstream::NameTaken),
            false => provider,
        };
        let provider = provider.map_err(|error| IssuerError::Upstream { name: name.clone(), error })?;
        connections.insert(name, provider.connecting(&login.kind()));
    }
    let current = keys.current(now);
    tracing::info!(issuer = %setup.issuer, resource = %setup.resource, kid = current.kid(), "built-in issuer ready");
    if current.algorithm() != options.signing_alg {
        tracing::info!(
            current = %current.algorithm(), signing_alg = %options.signing_alg,
            "signing_alg is for new keys: `mcp-auth issuer keys rotate` makes one"
        );
    }

    let named: HashMap<_, _> =
        options.clients.iter().map(|named| (named.id.clone(), Client::from(named))).collect();
    let device_codes =
        options.device_code && named.values().any(|client: &Client| client.may(GrantType::DeviceCode));
    if options.device_code && !device_codes {
        tracing::warn!("device_code is on, and no client has this grant type: nobody can use it");
    }

    let let_in = LetIn { kind: login.kind().into_owned(), people };
    let rights = rights(&options, &let_in, &scopes);
    let taken_names = options.taken_names();
    let published = PublishedKeys { ring: keys.clone(), ambient: setup.ambient.clone() };
    let issuer = Arc::new(Issuer {
        cookie: SessionCookie::new(&origin),
        consents: ConsentCookie::new(&origin, setup.store.clone(), &*setup.ambient.random),
        csrf: Csrf::new(setup.store.clone(), &*setup.ambient.random),
        origin,
        resource: setup.resource,
        server_name: setup.server_name,
        brand: setup.brand,
        scopes,
        claims: options.claims,
        lifetimes: Lifetimes {
            access_token: options.access_token_lifetime.as_secs(),
            refresh_token: options.refresh_token_lifetime.as_secs(),
            code: options.code_lifetime.as_secs(),
            session: options.session_lifetime.as_secs(),
            grant: options.grant_lifetime.as_secs(),
            refresh_grace: options.refresh_grace.as_secs(),
        },
        ambient: setup.ambient,
        denied: setup.denied,
        keys,
        store: setup.store,
        login,
        connections,
        accounts,
        named,
        device_codes,
        exchange_from: options
            .clients
            .iter()
            .map(|client| (client.id.clone(), client.exchange_from.clone()))
            .collect(),
        taken_names,
        assertions,
        proofs,
        push_proofs,
        documents,
        registration: options.registration,
        registrations,
        revocations: SingleRevocations {
            of_a_person: rate(1, 16),
            grants_of_a_person: rate(1, 32),
            of_a_client: rate(30, 60),
        },
        codes: rate(60, 60),
        client_assertions: ClientAssertions {
            of_a_client: rate(600, 600),
            of_a_stranger: rate(20, 20),
            of_strangers: rate(120, 120),
        },
        client_secrets: ClientSecrets::new(AddressRate::per_minute(10, 10)),
        pushes: Pushes {
            // Of those that wait, the store keeps so many of one client that it takes no place of another.
            of_a_client: rate(300, 300),
            of_strangers: rate(120, 120),
            of_an_address: AddressRate::per_minute(30, 60),
        },
        away: AddressRate::per_minute(30, 60),
        require_par: options.require_par,
    });
    let at = |path: &str| Some(format!("{}{path}", setup.issuer));
    let (confirmation_page, connect_page) = (at(endpoint::CONFIRM), at(endpoint::CONNECT));
    let upstreams: Arc<dyn UpstreamTokens> = Arc::new(Reached(Arc::clone(&issuer)));
    let issuer = LocalIssuer {
        issuer: setup.issuer,
        keys: Arc::new(published),
        router: endpoint::router(issuer),
        confirmation_page,
        connect_page,
        upstreams: Some(upstreams),
    };
    Ok(Built { issuer, rights, fetches })
}

/// A rate that stands in this file.
fn rate(times: u32, burst: u32) -> Rate {
    Rate::per_minute(times, burst).unwrap_or(Rate::LEAST)
}
