//! The options of the built-in issuer, set by a program or by `[issuer]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use mcp_auth_core::bounds;
use mcp_auth_core::net::Host;
use mcp_auth_core::own_claims::{ROLES_CLAIM, is_of_every_token};
use mcp_auth_core::seen;
use mcp_auth_runtime::facade::InvalidKeys;
use mcp_auth_store::{GrantType, Rate};

use crate::assertion::{AssertionOptions, AssertionProfile, InvalidAssertions, check_all};
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

/// An option out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOption {
    /// A claim that the issuer writes into every token itself.
    #[error("{claim:?} in claims of {subject:?} is what the issuer writes into every token itself")]
    ReservedClaim {
        /// Whose it is.
        subject: String,
        /// The claim.
        claim: String,
    },
    /// A duration that is too short or too long.
    #[error("{name} is {}s, from {}s to {}s", given.as_secs(), min.as_secs(), max.as_secs())]
    Lifetime {
        /// The name of the option, such as `access_token_lifetime`.
        name: &'static str,
        /// The value that was given.
        given: Duration,
        /// The smallest allowed value.
        min: Duration,
        /// The largest allowed value.
        max: Duration,
    },
    /// The list of users is empty, too long, or has a name twice.
    #[error("issuer.users has to be 1 to 32 different names")]
    Users,
    /// A name that a token cannot carry.
    #[error(
        "{} in {list} has 1 to 128 characters that can be seen, without spaces at its ends",
        seen::quote(name, 128)
    )]
    Name {
        /// The option it is in: `users`, `clients` or `workloads`.
        list: &'static str,
        /// The name that is not allowed.
        name: String,
    },
    /// Two clients in the configuration have the same identifier.
    #[error("client {id:?} is in the clients twice: remove one, or give it another client_id")]
    ClientTwice {
        /// The `client_id` that occurs twice.
        id: String,
    },
    /// A client has the name of a user. Its tokens would name it as that user's name them, and whatever is decided by
    /// `sub`, such as a role, would hold for both.
    #[error("client {id:?} has the name of a user, so its tokens would be taken for that user's")]
    ClientIsUser {
        /// The `client_id`.
        id: String,
    },
    /// A client in the configuration has a secret that can be guessed.
    #[error("client {id:?} has a secret of less than 16 characters: make one with `openssl rand -base64 32`")]
    ShortSecret {
        /// The `client_id` of that client.
        id: String,
    },
    /// A public client has a grant that only its authentication would protect.
    #[error(
        "client {id:?} is public and has the grant type {grant}, which only clients that authenticate may use: remove it from grant_types, \
         or give the client a secret or keys"
    )]
    PublicClient {
        /// The `client_id` of that client.
        id: String,
        /// The grant type.
        grant: &'static str,
    },
    /// A client lists others whose tokens it may exchange, and exchanges none.
    #[error(
        "client {id:?} has exchange_from, and does not exchange tokens: add token_exchange to grant_types, or remove exchange_from"
    )]
    ExchangeUnused {
        /// The `client_id` of that client.
        id: String,
    },
    /// A client for people has no address that an answer could be sent to.
    #[error(
        "client {id:?} has the grant type authorization_code and no redirect_uris, so no answer could reach it: add redirect_uris, or remove \
         the grant type"
    )]
    ClientWithoutRedirectUri {
        /// The `client_id` of that client.
        id: String,
    },
    /// The keys of a client are at a URL that is never asked.
    #[error("client {id:?}: jwks_uri: {why}")]
    ClientKeysAt {
        /// The `client_id` of that client.
        id: String,
        /// Why it is not.
        why: String,
    },
    /// The keys of a client are not a JWK Set of public keys that verify.
    #[error("client {id:?}: {why}")]
    ClientKeys {
        /// The `client_id` of that client.
        id: String,
        /// Why they cannot be used.
        why: InvalidKeys,
    },
    /// A client in the configuration has a scope that the server does not declare.
    #[error("client {id:?} has scope {scope:?}, which the server does not declare")]
    UndeclaredScope {
        /// The `client_id` of that client.
        id: String,
        /// The scope that is not declared.
        scope: String,
    },
    /// A client may use device codes, which are turned off.
    #[error(
        "client {id:?} has the grant type device_code, and device codes are off: set issuer.device_code = true, or remove the grant type"
    )]
    DeviceCodeOff {
        /// The `client_id` of that client.
        id: String,
    },
    /// A name in `client_documents.private` that no host has.
    #[error("{host:?} in client_documents.private is not the name of a host, in lower case")]
    PrivateHost {
        /// The name.
        host: String,
    },
    /// An issuer whose assertions would stand for too much.
    #[error(transparent)]
    Assertions(#[from] InvalidAssertions),
    /// A number of logins a minute with which nobody could log in, or that is not a limit.
    #[error("accounts.{name} is {given}, from 1 to {most}")]
    Attempts {
        /// The name of the option.
        name: &'static str,
        /// The value that was given.
        given: u32,
        /// The largest allowed value.
        most: u32,
    },
    /// A value of `registrations_per_minute` that is not a rate: with 0, no client could ever register.
    #[error("registrations_per_minute is {given}, from 1 to 60000000")]
    Registrations {
        /// The value that was given.
        given: u32,
    },
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

    /// Those of [`users`](Self::users) who are people: at another login than that for development nobody is, and it refuses who has
    /// a [taken name](Self::taken_names).
    fn people(&self) -> &[String] {
        if matches!(self.login, LoginOptions::Development) { &self.users } else { &[] }
    }

    /// Checks every rule stated on the fields above, and answers how often clients may register.
    pub(crate) fn check(&self, declared: impl Fn(&str) -> bool) -> Result<Rate, InvalidOption> {
        for (name, given, bounds) in [
            ("access_token_lifetime", self.access_token_lifetime, bounds::ACCESS_TOKEN_LIFETIME),
            ("refresh_token_lifetime", self.refresh_token_lifetime, bounds::REFRESH_TOKEN_LIFETIME),
            ("code_lifetime", self.code_lifetime, bounds::CODE_LIFETIME),
            ("grant_lifetime", self.grant_lifetime, bounds::GRANT_LIFETIME),
            ("refresh_grace", self.refresh_grace, bounds::REFRESH_GRACE),
            ("session_lifetime", self.session_lifetime, bounds::SESSION_LIFETIME),
        ] {
            if !bounds.contain(given) {
                return Err(InvalidOption::Lifetime { name, given, min: bounds.min, max: bounds.max });
            }
        }
        match &self.login {
            LoginOptions::Development => {
                if self.users.is_empty() || self.users.len() > 32 || has_twin(self.users.iter()).is_some() {
                    return Err(InvalidOption::Users);
                }
            }
            LoginOptions::Accounts(accounts) => {
                for (name, given, most) in [
                    ("attempts_per_account", accounts.attempts_per_account, 1000),
                    ("attempts_per_address", accounts.attempts_per_address, 10_000),
                ] {
                    if !(1..=most).contains(&given) {
                        return Err(InvalidOption::Attempts { name, given, most });
                    }
                }
            }
            LoginOptions::Own(_) | LoginOptions::Upstream(_) => {}
        }
        let names = self.users.iter().map(|user| ("users", user));
        let names = names.chain(self.clients.iter().map(|client| ("clients", &client.id)));
        let workloads = self.assertions.iter().flat_map(AssertionOptions::workloads);
        for (list, name) in names.chain(workloads.clone().map(|one| ("workloads", &one.client_id))) {
            let visible = name.trim() == name && !seen::deceives(name);
            if name.is_empty() || name.chars().count() > 128 || !visible {
                return Err(InvalidOption::Name { list, name: name.clone() });
            }
        }
        if let Some(id) = has_twin(self.clients.iter().map(|client| &client.id)) {
            return Err(InvalidOption::ClientTwice { id: id.clone() });
        }
        let users = self.people();
        if let Some(client) = self.clients.iter().find(|client| users.contains(&client.id)) {
            return Err(InvalidOption::ClientIsUser { id: client.id.clone() });
        }
        let known = users.iter().chain(self.clients.iter().map(|client| &client.id));
        check_all(&self.assertions, known.map(String::as_str))?;
        for (subject, claims) in &self.claims {
            if let Some(claim) = claims.keys().find(|claim| *claim != ROLES_CLAIM && is_of_every_token(claim))
            {
                return Err(InvalidOption::ReservedClaim { subject: subject.clone(), claim: claim.clone() });
            }
        }
        for client in &self.clients {
            client.check()?;
            if !self.device_code && client.grant_types.contains(&GrantType::DeviceCode) {
                return Err(InvalidOption::DeviceCodeOff { id: client.id.clone() });
            }
        }
        let limited = self.clients.iter().map(|client| (&client.id, &client.scopes));
        for (id, scopes) in limited.chain(workloads.map(|one| (&one.client_id, &one.scopes))) {
            if let Some(scope) = scopes.iter().find(|scope| !declared(scope.as_str())) {
                return Err(InvalidOption::UndeclaredScope { id: id.clone(), scope: scope.to_string() });
            }
        }
        let is_name = |host: &&String| matches!(host.parse(), Ok(Host::Name(name)) if name == **host);
        if let Some(host) = self.client_documents.private.keys().find(|host| !is_name(host)) {
            return Err(InvalidOption::PrivateHost { host: host.clone() });
        }
        let given = self.registrations_per_minute;
        Rate::per_minute(given, given).ok_or(InvalidOption::Registrations { given })
    }
}

fn has_twin<'a>(names: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ScopeSet;

    use mcp_auth_core::bounds::{Bounds, HOUR};

    use super::*;

    const SECRET: &str = "a secret of enough characters";

    fn client(id: &str, secret: &str, scopes: &str) -> NamedClient {
        NamedClient::machine(id, secret, ScopeSet::parse_lossy(scopes))
    }

    fn check(change: impl FnOnce(&mut IssuerOptions)) -> Result<(), InvalidOption> {
        let mut options = IssuerOptions::ephemeral();
        change(&mut options);
        options.check(|scope| scope == "todos.read").map(|_| ())
    }

    #[test]
    fn defaults_pass() {
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(check(|o| o.clients = vec![client("m2m", SECRET, "todos.read")]), Ok(()));
    }

    #[test]
    fn b19_access_tokens_live_at_most_an_hour_and_b06_codes_ten_minutes() {
        let seconds = Duration::from_secs;
        assert_eq!(check(|o| o.access_token_lifetime = seconds(HOUR)), Ok(()));
        let error = check(|o| o.access_token_lifetime = seconds(HOUR + 60)).map_err(|e| e.to_string());
        assert_eq!(error, Err("access_token_lifetime is 3660s, from 60s to 3600s".into()));
        assert!(check(|o| o.code_lifetime = seconds(11 * 60)).is_err());
        assert!(check(|o| o.code_lifetime = Duration::ZERO).is_err());
    }

    #[test]
    fn each_lifetime_has_a_least_and_a_most_value() {
        type Set = fn(&mut IssuerOptions) -> &mut Duration;
        let each: [(Bounds, Set); 6] = [
            (bounds::ACCESS_TOKEN_LIFETIME, |o| &mut o.access_token_lifetime),
            (bounds::REFRESH_TOKEN_LIFETIME, |o| &mut o.refresh_token_lifetime),
            (bounds::CODE_LIFETIME, |o| &mut o.code_lifetime),
            (bounds::SESSION_LIFETIME, |o| &mut o.session_lifetime),
            (bounds::GRANT_LIFETIME, |o| &mut o.grant_lifetime),
            (bounds::REFRESH_GRACE, |o| &mut o.refresh_grace),
        ];
        for (bounds, option) in each {
            let second = Duration::from_secs(1);
            for good in [bounds.min, bounds.max] {
                assert_eq!(check(|o| *option(o) = good), Ok(()), "{bounds:?}");
            }
            for bad in bounds.min.checked_sub(second).into_iter().chain([bounds.max + second]) {
                assert!(
                    matches!(check(|o| *option(o) = bad), Err(InvalidOption::Lifetime { .. })),
                    "{bounds:?}"
                );
            }
        }
    }

    #[test]
    fn named_clients_and_users_are_checked() {
        assert_eq!(check(|o| o.users.clear()), Err(InvalidOption::Users));
        assert_eq!(check(|o| o.users.push("developer".into())), Err(InvalidOption::Users));
        assert!(matches!(check(|o| o.users.push("a\nb".into())), Err(InvalidOption::Name { .. })));
        assert!(matches!(
            check(|o| o.clients = vec![client("a", SECRET, ""), client("a", SECRET, "")]),
            Err(InvalidOption::ClientTwice { .. })
        ));
        assert!(matches!(
            check(|o| o.clients = vec![client("a", "", "")]),
            Err(InvalidOption::ShortSecret { .. })
        ));
        assert!(matches!(
            check(|o| o.clients = vec![client("a", SECRET, "admin")]),
            Err(InvalidOption::UndeclaredScope { .. })
        ));
    }

    #[test]
    fn a_client_has_no_name_of_a_user_whom_the_login_offers_and_any_other_name() {
        let named = |login, id: &str| check(|o| (o.login, o.clients) = (login, vec![client(id, SECRET, "")]));
        let is_user = Err(InvalidOption::ClientIsUser { id: "developer".into() });
        assert_eq!(named(LoginOptions::Development, "developer"), is_user);
        assert_eq!(named(LoginOptions::Development, "Developer"), Ok(()));
        let accounts = || LoginOptions::Accounts(AccountsOptions::default());
        assert_eq!(named(accounts(), "developer"), Ok(()), "nobody is the user of the default");
    }

    #[test]
    fn with_accounts_nobody_has_to_be_in_users_and_the_limits_are_limits() {
        let with = |accounts| check(|o| (o.login, o.users) = (LoginOptions::Accounts(accounts), vec![]));
        let accounts = AccountsOptions::default();
        assert_eq!(with(accounts), Ok(()));
        for given in [0, 1001] {
            let refused = with(AccountsOptions { attempts_per_account: given, ..accounts });
            assert_eq!(
                refused,
                Err(InvalidOption::Attempts { name: "attempts_per_account", given, most: 1000 })
            );
        }
        for given in [0, 10_001] {
            assert!(with(AccountsOptions { attempts_per_address: given, ..accounts }).is_err());
        }
    }

    #[test]
    fn names_of_users_and_clients_can_be_seen_and_are_counted_in_characters() {
        let with_user = |name: &str| check(|o| o.users.push(name.to_owned()));
        let with_client = |name: &str| check(|o| o.clients = vec![client(name, SECRET, "")]);
        for good in ["ann", "Ann Lee", "\u{e4}nne", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", &"\u{e4}".repeat(128)] {
            assert_eq!((with_user(good), with_client(good)), (Ok(()), Ok(())), "{good}");
        }
        for bad in [
            "",
            " ann",
            "a\nb",
            "ann\u{200b}",
            "\u{202e}nna",
            "an\u{ad}n",
            "ann\u{feff}",
            &"\u{e4}".repeat(129),
        ] {
            let [user, client] = [with_user(bad), with_client(bad)];
            assert!(matches!(user, Err(InvalidOption::Name { list: "users", .. })), "{bad:?}");
            assert!(matches!(client, Err(InvalidOption::Name { list: "clients", .. })), "{bad:?}");
        }
        let said = with_user("ann\u{200b}").unwrap_err().to_string();
        assert_eq!(
            said,
            r#""ann\u{200b}" in users has 1 to 128 characters that can be seen, without spaces at its ends"#
        );
    }

    #[test]
    fn client_with_the_name_of_a_user_is_refused() {
        let clients = || vec![client("nightly", SECRET, "")];
        let with_user = |name: &str| {
            check(|o| (o.users, o.clients) = (vec!["ann".to_owned(), name.to_owned()], clients()))
        };
        assert_eq!(with_user("nightly"), Err(InvalidOption::ClientIsUser { id: "nightly".into() }));
        assert_eq!(with_user("Nightly"), Ok(()));
    }

    #[test]
    fn the_rate_of_registrations_is_one_to_sixty_million_a_minute() {
        for given in [1, 60_000_000] {
            assert_eq!(check(|o| o.registrations_per_minute = given), Ok(()));
        }
        for given in [0, 60_000_001] {
            let refused = Err(InvalidOption::Registrations { given });
            assert_eq!(check(|o| o.registrations_per_minute = given), refused);
        }
    }

    #[test]
    fn a_client_may_use_device_codes_only_where_they_are_turned_on() {
        let with = |device_code| {
            check(|o| {
                o.device_code = device_code;
                let mut client = client("tv", SECRET, "");
                client.grant_types.insert(GrantType::DeviceCode);
                o.clients = vec![client];
            })
        };
        assert_eq!(with(true), Ok(()));
        assert_eq!(with(false), Err(InvalidOption::DeviceCodeOff { id: "tv".into() }));
        assert_eq!(check(|o| o.device_code = true), Ok(()), "nobody can use it, and a start says so");
    }

    #[test]
    fn a_private_host_of_client_documents_has_a_name_in_lower_case() {
        let with = |host: &str| {
            check(|o| o.client_documents.private = [(host.to_owned(), ([127, 0, 0, 1], 1).into())].into())
        };
        assert_eq!(with("client.test"), Ok(()));
        for host in ["Client.test", "127.0.0.1", "client.test:1", ""] {
            assert_eq!(with(host), Err(InvalidOption::PrivateHost { host: host.to_owned() }));
        }
    }
}
