//! The options that `[issuer]` of `mcp.toml` sets. The one file here that reads the runtime's configuration: the facade
//! and the `mcp-auth` command both need it, and this crate is the highest one below both.

use std::collections::BTreeSet;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::own_claims::ROLES_CLAIM;
use mcp_auth_core::{Acr, IssuerIdentifier, ScopeSet};
use mcp_auth_runtime::config::accounts::{Accounts, Passkeys, SecondFactor};
use mcp_auth_runtime::config::issuer::{
    AssertionKind, BuiltInIssuer, IssuerAssertions, IssuerClient, IssuerLogin, IssuerWorkload, SigningAlg,
};
use mcp_auth_runtime::config::own_login::OwnLogin;
use mcp_auth_runtime::config::upstream::DomainFrom;
use mcp_auth_runtime::config::upstreams::{AllowLists, Upstream, UpstreamAllow};
use mcp_auth_runtime::config::{
    AcrValue, Config, JwkSetError, NonEmpty, RoleName, SecretError, UpstreamName,
};
use mcp_auth_store::{ClientKeys, SecretHash, Store};
use serde_json::{Map, Value};

use mcp_auth_runtime::facade::{ANY_TENANT, KeySource as AssertionKeys};

use crate::assertion::{AssertionOptions, AssertionProfile, Workload};
use crate::client::document::ClientDocuments;
use crate::client::known::Clients;
use crate::client::named::{NamedClient, NamedCredential};
use crate::endpoint::{InitialAccessToken, RegistrationOptions};
use crate::key::SigningAlgorithm;
use crate::options::{IssuerOptions, LoginOptions};
use crate::person::TakenNames;
use crate::person::accounts::{AccountsOptions, PasskeysPolicy, SecondFactorPolicy};
use crate::person::own::{AnswerKey, InvalidKey, OwnLoginCheck, OwnLoginOptions, SharedKey};
use crate::person::upstream::{
    Admitted, AdmittedLists, DomainIn, GitHubEndpoints, SaidIn, UpstreamOptions, UpstreamProvider,
    UpstreamTenants,
};

impl IssuerOptions {
    /// The options in `[issuer]`, with the clients' secrets read.
    ///
    /// # Errors
    /// [`ConfiguredError`] if a secret or a key of a client cannot be read.
    pub fn configured(config: &Config, issuer: &BuiltInIssuer) -> Result<Self, ConfiguredError> {
        let clients = issuer.clients.iter().map(|client| named(config, client)).collect::<Result<_, _>>()?;
        let assertions =
            issuer.assertions.iter().map(|one| asserted(config, one)).collect::<Result<_, _>>()?;
        Ok(Self {
            assertions,
            signing_alg: issuer.signing_alg.into(),
            access_token_lifetime: issuer.access_token_lifetime.get(),
            refresh_token_lifetime: issuer.refresh_token_lifetime.get(),
            code_lifetime: issuer.code_lifetime.get(),
            grant_lifetime: issuer.grant_lifetime.get(),
            refresh_grace: issuer.refresh_grace.get(),
            session_lifetime: issuer.session_lifetime.get(),
            require_par: issuer.require_par,
            login: login(config, issuer)?,
            users: issuer.users.names().map(str::to_owned).collect(),
            clients,
            device_code: issuer.device_code,
            claims: issuer.subjects().map(said_of).collect(),
            registrations_per_minute: u32::try_from(issuer.registration.per_minute.get()).unwrap_or(u32::MAX),
            registration: registration(config, issuer)?,
            client_documents: ClientDocuments {
                enabled: issuer.client_documents.enabled,
                private: issuer
                    .client_documents
                    .private
                    .iter()
                    .map(|(host, at)| (host.as_str().to_owned(), at.get()))
                    .collect(),
                ca_file: config.client_documents_ca_file(issuer),
            },
            ..Self::in_state_dir(config.state_dir(issuer))
        })
    }
}

impl Clients {
    /// The clients in `store`, with those of `[issuer]`. No secret is read for them.
    pub fn configured(store: Store, ambient: Ambient, issuer: &BuiltInIssuer) -> Self {
        let mut clients = Self::new(store, ambient);
        for client in &issuer.clients {
            let name = client.name.as_ref().map(|name| name.as_str());
            let redirect_uris = client.redirect_uris.iter().map(|uri| uri.get().as_str());
            clients.name(client.client_id.as_str(), name, redirect_uris);
        }
        clients
    }
}

impl TakenNames {
    /// Those of `[issuer]`. No secret is read for them.
    pub fn configured(issuer: &BuiltInIssuer) -> Self {
        let clients = issuer.clients.iter().map(|client| client.client_id.as_str());
        let workloads = issuer.assertions.iter().flat_map(|one| &one.workloads);
        let of_people = issuer.assertions.iter().filter(|one| matches!(one.profile, AssertionKind::IdJag));
        Self::new(
            clients.chain(workloads.map(|workload| workload.client_id.as_str())),
            of_people.map(|one| one.identifier().as_str()),
        )
    }
}

/// Why what `[issuer]` names cannot be read. Shows no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfiguredError {
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The keys of a client, of an issuer of assertions or of the application at which people log in.
    #[error(transparent)]
    Keys(#[from] JwkSetError),
    /// A key of `issuer.own_login`.
    #[error("issuer.own_login: {0}")]
    AnswerKey(#[from] InvalidKey),
    /// `issuer.login` needs a table that is not there.
    #[error(
        "issuer.login says that people log in elsewhere, and the table that says where is missing: add {0}"
    )]
    NoTable(String),
    /// Something of `[upstreams]` without which nobody could log in there, or everybody.
    #[error("upstreams.{name}: {what} is missing")]
    NotInUpstream {
        /// Its name.
        name: String,
        /// What is missing.
        what: &'static str,
    },
    /// A client that is not public has nothing to authenticate by.
    #[error(
        "client {client_id:?} of issuer.clients has nothing to authenticate by: add client_secret, client_secret_sha256, jwks or jwks_uri, or \
         public = true"
    )]
    NoCredential {
        /// The `client_id` of that client.
        client_id: String,
    },
    /// An initial access token that nobody could present.
    #[error("the initial access token {name:?} of issuer.registration has no secret: add token or sha256")]
    NoToken {
        /// The name of that token.
        name: String,
    },
    /// The keys of an issuer of assertions are not JSON.
    #[error("jwks of {issuer} in issuer.assertions is not JSON: {why}")]
    AssertionKeys {
        /// The issuer.
        issuer: String,
        /// Why it is not.
        why: serde_json::Error,
    },
    /// The application would not be asked, or not be believed.
    #[error(
        "issuer.own_login has one of check_url and check_secret, and the other is missing: add it, or remove both"
    )]
    HalfOfCheck,
}

/// A client of `[[issuer.clients]]`. None is public by mistake: only one that says so.
fn named(config: &Config, client: &IssuerClient) -> Result<NamedClient, ConfiguredError> {
    let credential = if let Some(secret) = &client.client_secret {
        NamedCredential::Secret(config.secret(secret).read()?)
    } else if let Some(hash) = &client.client_secret_sha256 {
        NamedCredential::SecretHash(SecretHash::from_bytes(hash.bytes()))
    } else if let Some(jwks) = &client.jwks {
        NamedCredential::Keys(ClientKeys::Set(config.jwk_set(jwks)?))
    } else if let Some(url) = &client.jwks_uri {
        NamedCredential::Keys(ClientKeys::At(url.as_str().to_owned()))
    } else if client.public {
        NamedCredential::Public
    } else {
        return Err(ConfiguredError::NoCredential { client_id: client.client_id.as_str().to_owned() });
    };
    Ok(NamedClient {
        id: client.client_id.as_str().to_owned(),
        name: client.name.as_ref().map(|name| name.as_str().to_owned()),
        credential,
        redirect_uris: client.redirect_uris.iter().map(|uri| uri.get().clone()).collect(),
        require_par: client.require_par,
        dpop_bound: client.dpop_bound_access_tokens,
        grant_types: client.grant_types(),
        scopes: client.scopes(),
        exchange_from: client.exchange_from.iter().map(|id| id.as_str().to_owned()).collect(),
    })
}

/// Who may register a client.
fn registration(config: &Config, issuer: &BuiltInIssuer) -> Result<RegistrationOptions, ConfiguredError> {
    let mut initial_access_tokens = Vec::new();
    for token in &issuer.registration.initial_access_tokens {
        let hash = match (&token.sha256, &token.token) {
            (Some(hash), _) => SecretHash::from_bytes(hash.bytes()),
            (None, Some(secret)) => SecretHash::of(config.secret(secret).read()?.expose()),
            (None, None) => {
                return Err(ConfiguredError::NoToken { name: token.name.as_str().to_owned() });
            }
        };
        initial_access_tokens.push(InitialAccessToken { name: token.name.as_str().to_owned(), hash });
    }
    Ok(RegistrationOptions { open: issuer.registration.open, initial_access_tokens })
}

/// An issuer of `[[issuer.assertions]]`.
fn asserted(config: &Config, one: &IssuerAssertions) -> Result<AssertionOptions, ConfiguredError> {
    let keys = match (&one.jwks, &one.jwks_uri) {
        (Some(jwks), _) => {
            let set = config.jwk_set(jwks)?;
            let issuer = || one.identifier().as_str().to_owned();
            let set = serde_json::from_str(&set)
                .map_err(|why| ConfiguredError::AssertionKeys { issuer: issuer(), why })?;
            AssertionKeys::Static(set)
        }
        (None, Some(uri)) => AssertionKeys::JwksUri(uri.url().clone()),
        (None, None) => AssertionKeys::Discovery,
    };
    let workload = |workload: &IssuerWorkload| Workload {
        client_id: workload.client_id.as_str().to_owned(),
        subject: workload.subject.as_str().to_owned(),
        require_claims: workload.claim_rules(),
        scopes: workload.scopes(),
    };
    Ok(AssertionOptions {
        issuer: one.identifier().clone(),
        keys,
        profile: match one.profile {
            AssertionKind::IdJag => AssertionProfile::IdJag,
            AssertionKind::Workload => {
                AssertionProfile::Workload(one.workloads.iter().map(workload).collect())
            }
        },
        max_lifetime: one.longest(),
    })
}

/// How people log in.
fn login(config: &Config, issuer: &BuiltInIssuer) -> Result<LoginOptions, ConfiguredError> {
    match &issuer.login {
        IssuerLogin::Development => Ok(LoginOptions::Development),
        IssuerLogin::Accounts => Ok(LoginOptions::Accounts(accounts(&issuer.accounts))),
        IssuerLogin::Own => {
            let own = issuer.own_login.as_ref().ok_or(ConfiguredError::NoTable("issuer.own_login".into()))?;
            Ok(LoginOptions::Own(Box::new(own_login(config, own)?)))
        }
        IssuerLogin::Upstream(name) => {
            let upstream = config.upstreams.get(name);
            let upstream = upstream.ok_or_else(|| ConfiguredError::NoTable(format!("upstreams.{name}")))?;
            Ok(LoginOptions::Upstream(Box::new(upstream_login(config, name, upstream)?)))
        }
    }
}

impl From<SigningAlg> for SigningAlgorithm {
    fn from(configured: SigningAlg) -> Self {
        match configured {
            SigningAlg::Es256 => Self::Es256,
            SigningAlg::Rs256 => Self::Rs256,
            SigningAlg::EdDsa => Self::EdDsa,
        }
    }
}

fn accounts(accounts: &Accounts) -> AccountsOptions {
    let most = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    AccountsOptions {
        attempts_per_account: most(accounts.attempts_per_account.get()),
        attempts_per_address: most(accounts.attempts_per_address.get()),
        second_factor: match accounts.second_factor {
            SecondFactor::Optional => SecondFactorPolicy::Optional,
            SecondFactor::Required => SecondFactorPolicy::Required,
        },
        passkeys: match accounts.passkeys {
            Passkeys::Auto => PasskeysPolicy::WherePossible,
            Passkeys::On => PasskeysPolicy::On,
            Passkeys::Off => PasskeysPolicy::Off,
        },
    }
}

fn own_login(config: &Config, own: &OwnLogin) -> Result<OwnLoginOptions, ConfiguredError> {
    let key = match (&own.key, &own.jwks) {
        (Some(key), _) => AnswerKey::shared(SharedKey::new(&config.secret(key).read()?)?),
        (None, Some(jwks)) => AnswerKey::public(config.jwk_set_keys(jwks)?)?,
        (None, None) => return Err(InvalidKey::None.into()),
    };
    let check = match (&own.check_url, &own.check_secret) {
        (Some(url), Some(secret)) => {
            Some(OwnLoginCheck { url: (**url).clone(), secret: config.secret(secret).read()? })
        }
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(ConfiguredError::HalfOfCheck),
    };
    let issuer = own.issuer.as_ref().map(|issuer| issuer.as_str().to_owned());
    let acr_values = acrs(&own.acr_values);
    Ok(OwnLoginOptions { url: (*own.url).clone(), key, issuer, check, acr_values })
}

fn upstream_login(
    config: &Config,
    name: &UpstreamName,
    upstream: &Upstream,
) -> Result<UpstreamOptions, ConfiguredError> {
    let preset = upstream.preset();
    let missing = |what| ConfiguredError::NotInUpstream { name: name.to_string(), what };
    let secret = upstream.client_secret.as_ref().map(|secret| config.secret(secret).read());
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let admitted = match upstream.allow.as_ref().ok_or_else(|| missing("allow"))? {
        UpstreamAllow::Anyone => Admitted::Anyone,
        UpstreamAllow::Listed(lists) => Admitted::Listed(admitted(lists, preset.is_openid)),
        _ => return Err(missing("allow")),
    };
    Ok(UpstreamOptions {
        name: name.as_str().to_owned(),
        title: preset.title.map(str::to_owned),
        provider: match preset.is_openid {
            true => openid(upstream, &admitted).ok_or_else(|| missing("issuer"))?,
            false => github(upstream).ok_or_else(|| missing("one of its endpoints"))?,
        },
        client_id: upstream.client_id.as_str().to_owned(),
        client_secret: secret.transpose()?,
        scopes: ScopeSet::parse_lossy(&upstream.scopes().join(" ")),
        said_in: SaidIn {
            subject: owned(preset.subject_claims.to_vec()),
            domain: match preset.domain {
                DomainFrom::Claim(claim) => DomainIn::Claim(claim.to_owned()),
                DomainFrom::VerifiedEmail => DomainIn::VerifiedEmail,
                _ => DomainIn::Nowhere,
            },
            organization: preset.organization_claim.map(str::to_owned),
            tenant: preset.tenant_claim.map(str::to_owned),
            groups: upstream.groups_claim().map(owned),
        },
        admitted,
        claims: upstream.claims.iter().map(|path| path.names().map(str::to_owned).collect()).collect(),
        acr_values: acrs(&upstream.acr_values),
    })
}

/// Who is let in. GitHub takes the names of organizations for the same whatever their capital letters are, and says them in lower case here.
fn admitted(lists: &AllowLists, is_openid: bool) -> AdmittedLists {
    let all = |list: &[NonEmpty]| list.iter().map(|one| one.as_str().to_owned()).collect();
    let organization = |one: &NonEmpty| match is_openid {
        true => one.as_str().to_owned(),
        false => one.as_str().to_ascii_lowercase(),
    };
    AdmittedLists {
        subjects: all(&lists.subjects),
        domains: lists.domains.iter().map(|domain| domain.as_str().to_owned()).collect(),
        organizations: lists.organizations.iter().map(organization).collect(),
        tenants: all(&lists.tenants),
        groups: all(&lists.groups),
    }
}

/// An OpenID Connect provider; of one with tenants, the tenant that its issuer names, or those that `allow` names.
fn openid(upstream: &Upstream, admitted: &Admitted) -> Option<UpstreamProvider> {
    let issuer: IssuerIdentifier = upstream.issuer()?.parse().ok()?;
    let tenants = upstream.preset().tenant_claim.and_then(|claim| {
        let (before, rest) = issuer.as_str().strip_suffix("/v2.0")?.rsplit_once('/')?;
        let names = match (rest, admitted) {
            ("organizations", Admitted::Listed(lists)) => {
                let of_people = lists.subjects.iter().filter_map(|subject| subject.split_once('/'));
                let of_people = of_people.map(|(tenant, _)| tenant.to_owned());
                lists.tenants.iter().cloned().chain(of_people).collect::<BTreeSet<_>>().into_iter().collect()
            }
            ("organizations", Admitted::Anyone) => Vec::new(),
            (tenant, _) => vec![tenant.to_owned()],
        };
        let template = format!("{before}/{ANY_TENANT}/v2.0");
        Some(UpstreamTenants { template, claim: claim.to_owned(), names })
    });
    Some(UpstreamProvider::OpenId { issuer, tenants })
}

/// github.com, or the GitHub Enterprise Server of these endpoints.
fn github(upstream: &Upstream) -> Option<UpstreamProvider> {
    let endpoints = match (&upstream.authorization_endpoint, &upstream.token_endpoint, &upstream.api) {
        (None, None, None) => GitHubEndpoints::github_com().ok()?,
        (Some(authorization), Some(token), Some(api)) => GitHubEndpoints {
            authorization: authorization.url().clone(),
            token: token.url().clone(),
            api: api.url().clone(),
        },
        (_, _, _) => return None,
    };
    Some(UpstreamProvider::GitHub(endpoints))
}

fn acrs(values: &[AcrValue]) -> Vec<Acr> {
    values.iter().map(|value| value.acr().clone()).collect()
}

/// What tokens of a subject say besides.
fn said_of(
    (subject, roles, claims): (&str, &[RoleName], &Map<String, Value>),
) -> (String, Map<String, Value>) {
    let mut claims = claims.clone();
    if !roles.is_empty() {
        let names = roles.iter().map(|role| Value::from(role.as_str()));
        claims.insert(ROLES_CLAIM.to_owned(), names.collect());
    }
    (subject.to_owned(), claims)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mcp_auth_store::{ClientCredential, GrantType};

    use super::*;
    use crate::key::KeySource;

    #[test]
    fn every_key_of_the_section_is_an_option() {
        let text = "access_token_lifetime = \"5m\"\nrefresh_token_lifetime = \"1h\"\ncode_lifetime = \"30s\"\n\
                    grant_lifetime = \"30d\"\nsession_lifetime = \"1h\"\nrefresh_grace = \"10s\"\nrequire_par = true\n\
                    login = \"accounts\"\naccounts = { second_factor = \"required\", passkeys = \"off\", attempts_per_account = 3, attempts_per_address = 7 }\n\
                    users = [\"ann\"]\ndevice_code = true\nstate_dir = \"/srv/state\"\nsigning_alg = \"RS256\"\n\
                    clients = [{ client_id = \"m2m\", client_secret = \"env:S\", scopes = [\"a\"] }]\n\
                    client_documents = { enabled = false, ca_file = \"file:ca.pem\", private = { \"client.test\" = \"127.0.0.1:8443\" } }";
        let config = |process| {
            let builder = Config::builder().process(process);
            builder.toml(&format!("[issuer]\n{text}")).build().unwrap()
        };
        let configured =
            |config: &Config| IssuerOptions::configured(config, config.built_in_issuer().unwrap());
        let process = mcp_auth_runtime::config::ProcessContext::empty();
        let options = configured(&config(process.clone().variable("S", "hunter2hunter2hunter2"))).unwrap();
        assert_eq!(options.signing_alg, SigningAlgorithm::Rs256);
        assert_eq!(options.access_token_lifetime, Duration::from_secs(5 * 60));
        assert_eq!(options.refresh_token_lifetime, Duration::from_secs(60 * 60));
        assert_eq!(options.code_lifetime, Duration::from_secs(30));
        assert_eq!(options.grant_lifetime, Duration::from_secs(30 * 24 * 60 * 60));
        assert_eq!(options.refresh_grace, Duration::from_secs(10));
        assert_eq!(options.session_lifetime, Duration::from_secs(3600));
        assert!(options.require_par);
        assert_eq!(options.users, ["ann"]);
        let LoginOptions::Accounts(accounts) = options.login else { panic!("{:?}", options.login) };
        assert_eq!(
            accounts,
            AccountsOptions {
                attempts_per_account: 3,
                attempts_per_address: 7,
                second_factor: SecondFactorPolicy::Required,
                passkeys: PasskeysPolicy::Off,
            }
        );
        assert!(options.device_code && !IssuerOptions::ephemeral().device_code);
        let NamedCredential::Secret(secret) = &options.clients[0].credential else { panic!("a secret") };
        assert_eq!((&*options.clients[0].id, secret.expose()), ("m2m", "hunter2hunter2hunter2"));
        assert_eq!(options.clients[0].scopes.to_string(), "a");
        assert!(matches!(&options.signing_key, KeySource::StateDir(dir) if dir.ends_with("srv/state")));
        let documents = &options.client_documents;
        assert!(
            !documents.enabled && documents.ca_file.as_ref().is_some_and(|file| file.ends_with("ca.pem"))
        );
        assert_eq!(documents.private["client.test"], ([127, 0, 0, 1], 8443).into());
        assert!(configured(&config(process)).unwrap_err().to_string().contains("S is not set"));
    }
    #[test]
    fn a_client_has_the_credential_and_the_grants_that_its_table_says() {
        let keys = crate::key::SigningKey::generate().unwrap().jwks();
        let jwks = format!("jwks = {{ keys = [{{ {} }}] }}", {
            let key = keys["keys"][0].as_object().unwrap().iter();
            key.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
        });
        let client = |more: &str| {
            let text =
                format!("[issuer]\ndevice_code = true\n[[issuer.clients]]\nclient_id = \"app\"\n{more}");
            let config = Config::from_toml_str(&text).unwrap();
            let options = IssuerOptions::configured(&config, config.built_in_issuer().unwrap()).unwrap();
            options.check(|_| true).unwrap();
            mcp_auth_store::Client::from(&options.clients[0])
        };
        let hash = SecretHash::of("0123456789abcdefghijklmnopqrstuv");
        let hashed = client(&format!("client_secret_sha256 = \"{}\"", hash.digits()));
        assert_eq!(hashed.credential, ClientCredential::Secret(hash));
        assert_eq!(hashed.grant_types, [GrantType::ClientCredentials].into());
        let inline = client(&jwks);
        let ClientCredential::Keys(ClientKeys::Set(set)) = inline.credential else { panic!("keys") };
        assert_eq!(serde_json::from_str::<Value>(&set).unwrap(), keys);
        let at = client("jwks_uri = \"https://app.example/jwks.json\"");
        let url = "https://app.example/jwks.json".to_owned();
        assert_eq!(at.credential, ClientCredential::Keys(ClientKeys::At(url)));
        let people =
            client("name = \"Our app\"\npublic = true\nredirect_uris = [\"https://app.example/cb\"]");
        assert!(people.is_public() && people.name.as_deref() == Some("Our app"));
        assert_eq!(people.redirect_uris, ["https://app.example/cb"]);
        assert_eq!(people.grant_types, mcp_auth_store::Client::for_people(true));
        assert!(!people.dpop_bound && !people.require_par);
        let bound = client(
            "public = true\nredirect_uris = [\"https://app.example/cb\"]\ndpop_bound_access_tokens = true",
        );
        assert!(bound.dpop_bound && !bound.require_par);
        let agent = "grant_types = [\"token_exchange\"]\nexchange_from = [\"chat\"]";
        let agent = client(&format!("{agent}\nclient_secret_sha256 = \"{}\"", hash.digits()));
        assert_eq!(agent.grant_types, [GrantType::TokenExchange].into());
        let device = client("public = true\ngrant_types = [\"device_code\", \"refresh_token\"]");
        assert_eq!(device.grant_types, [GrantType::DeviceCode, GrantType::RefreshToken].into());
    }

    #[test]
    fn initial_access_tokens_are_known_by_their_hashes() {
        let token = "0123456789abcdefghijklmnopqrstuv";
        let hash = SecretHash::of("another").digits();
        let text = format!(
            "[issuer.registration]\nopen = false\ninitial_access_tokens = [{{ name = \"ci\", token = \"env:T\" }}, \
             {{ name = \"old\", sha256 = \"{hash}\" }}]"
        );
        let process = mcp_auth_runtime::config::ProcessContext::empty().variable("T", token);
        let config = Config::builder().process(process).toml(&text).build().unwrap();
        let options = IssuerOptions::configured(&config, config.built_in_issuer().unwrap()).unwrap();
        let known: Vec<_> =
            options.registration.initial_access_tokens.iter().map(|t| (&*t.name, t.hash)).collect();
        assert_eq!(known, [("ci", SecretHash::of(token)), ("old", SecretHash::of("another"))]);
        assert!(!options.registration.open && !format!("{options:?}").contains(token));
    }

    #[test]
    fn an_issuer_of_assertions_is_trusted_as_its_table_says() {
        let keys = crate::key::SigningKey::generate().unwrap().public_jwk();
        let members = keys.as_object().unwrap().iter();
        let key = members.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ");
        let text = format!(
            "[[issuer.assertions]]\nissuer = \"https://idp.example\"\nprofile = \"id-jag\"\n\
             [[issuer.assertions]]\nissuer = \"https://other.example\"\nprofile = \"id-jag\"\nmax_lifetime = \"1m\"\n\
             jwks_uri = \"https://other.example/keys\"\n\
             [[issuer.assertions]]\nissuer = \"https://ci.example\"\nprofile = \"workload\"\n\
             jwks = {{ keys = [{{ {key} }}] }}\n\
             workloads = [{{ client_id = \"deploy\", subject = \"repo:a\", require_claims = {{ owner = \"1\" }}, \
             scopes = [\"a\"], claims = {{ team = \"x\" }} }}]"
        );
        let config = Config::from_toml_str(&text).unwrap();
        let options = IssuerOptions::configured(&config, config.built_in_issuer().unwrap()).unwrap();
        options.check(|_| true).unwrap();
        let [idp, other, ci] = options.assertions.as_slice() else { panic!("three issuers") };
        assert!(matches!((&idp.profile, &idp.keys), (AssertionProfile::IdJag, AssertionKeys::Discovery)));
        assert_eq!(
            (idp.issuer.as_str(), idp.max_lifetime),
            ("https://idp.example", Duration::from_secs(300))
        );
        assert!(matches!(&other.keys, AssertionKeys::JwksUri(uri) if uri.path() == "/keys"));
        assert_eq!(other.max_lifetime, Duration::from_secs(60));
        assert_eq!(ci.max_lifetime, Duration::from_secs(3600));
        let AssertionKeys::Static(set) = &ci.keys else { panic!("keys") };
        assert_eq!(set["keys"][0], keys);
        let AssertionProfile::Workload(workloads) = &ci.profile else { panic!("workloads") };
        let deploy = &workloads[0];
        assert_eq!((&*deploy.client_id, &*deploy.subject), ("deploy", "repo:a"));
        assert_eq!(deploy.scopes.to_string(), "a");
        let claims = |owner: &str| Map::from_iter([("owner".to_owned(), Value::from(owner))]);
        assert!(deploy.require_claims.pass(&claims("1")) && !deploy.require_claims.pass(&claims("2")));
        assert_eq!(options.claims["deploy"]["team"], "x");
    }

    /// The checks of the configuration refuse all of these, with their places. A program that does not run them gets no server that is open.
    #[test]
    fn what_is_said_by_half_stops_the_start_and_is_not_left_out() {
        let own =
            "login = \"own\"\n[issuer.own_login]\nurl = \"https://app.example/login\"\nkey = \"env:KEY\"\n";
        let client = "[[issuer.clients]]\nclient_id = \"app\"\n";
        let token = "[[issuer.registration.initial_access_tokens]]\nname = \"ci\"\n";
        for (text, refused) in [
            (client.to_owned(), "client \"app\" of issuer.clients has nothing to authenticate by"),
            (
                format!("{client}redirect_uris = [\"https://app.example/cb\"]"),
                "client \"app\" of issuer.clients has nothing",
            ),
            (token.to_owned(), "the initial access token \"ci\""),
            (
                format!("{own}check_url = \"https://app.example/check\""),
                "has one of check_url and check_secret",
            ),
            (format!("{own}check_secret = \"env:KEY\""), "has one of check_url and check_secret"),
        ] {
            let process = mcp_auth_runtime::config::ProcessContext::empty();
            let process = process.variable("KEY", "a-secret-of-at-least-thirty-two-bytes");
            let config =
                Config::builder().process(process).toml(&format!("[issuer]\n{text}")).build().unwrap();
            let error = IssuerOptions::configured(&config, config.built_in_issuer().unwrap()).unwrap_err();
            assert!(error.to_string().contains(refused), "{text}: {error}");
        }
    }

    #[test]
    fn the_public_keys_of_an_application_are_a_set_or_a_file_of_one() {
        let jwk = crate::key::SigningKey::generate().unwrap().public_jwk();
        let members = jwk.as_object().unwrap().iter();
        let inline = members.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ");
        let configured = |jwks: &str| {
            let text = format!(
                "[issuer]\nlogin = \"own\"\n[issuer.own_login]\nurl = \"https://app.example/login\"\n{jwks}"
            );
            let config = Config::from_toml_str(&text).unwrap();
            IssuerOptions::configured(&config, config.built_in_issuer().unwrap())
        };
        let options = configured(&format!("jwks = {{ keys = [{{ {inline} }}] }}")).unwrap();
        let LoginOptions::Own(own) = options.login else { panic!("{:?}", options.login) };
        assert!(format!("{:?}", own.key).contains(jwk["x"].as_str().unwrap()), "{:?}", own.key);
        for (bad, why) in [
            ("jwks = { keys = [] }", "none of its keys"),
            ("jwks = \"file:none.json\"", "cannot be read"),
            ("", "there is no public key"),
        ] {
            let error = configured(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn every_key_of_the_own_login_is_an_option() {
        let text = "[issuer]\nlogin = \"own\"\n[issuer.own_login]\nurl = \"https://app.example/login\"\nkey = \"env:KEY\"\n\
                    issuer = \"the app\"\ncheck_url = \"https://app.example/check\"\ncheck_secret = \"env:CHECK\"\n\
                    acr_values = [\"gold\", \"silver\"]";
        let configured = |key: &str| {
            let process = mcp_auth_runtime::config::ProcessContext::empty();
            let process = process.variable("KEY", key).variable("CHECK", "a secret for asking");
            let config = Config::builder().process(process).toml(text).build().unwrap();
            IssuerOptions::configured(&config, config.built_in_issuer().unwrap())
        };
        let options = configured("a-secret-of-at-least-thirty-two-bytes").unwrap();
        let LoginOptions::Own(own) = options.login else { panic!("{:?}", options.login) };
        assert_eq!((own.url.as_str(), own.issuer.as_deref()), ("https://app.example/login", Some("the app")));
        assert_eq!(own.acr_values.iter().map(Acr::as_str).collect::<Vec<_>>(), ["gold", "silver"]);
        let check = own.check.unwrap();
        assert_eq!(
            (check.url.as_str(), check.secret.expose()),
            ("https://app.example/check", "a secret for asking")
        );
        assert!(
            configured("short").unwrap_err().to_string().starts_with("issuer.own_login: the key has less")
        );
    }
}
