//! `[issuer]` as a whole.

use mcp_auth_core::own_claims::ROLES_CLAIM;
use mcp_auth_runtime::config::issuer::{AssertionKind, BuiltInIssuer, SigningAlg};
use mcp_auth_runtime::config::{Config, RoleName};
use serde_json::{Map, Value};

use super::ConfiguredError;
use super::assertions::asserted;
use super::clients::{named, registration};
use super::login::{connections, login};
use crate::client::document::ClientDocuments;
use crate::key::SigningAlgorithm;
use crate::options::IssuerOptions;
use crate::person::TakenNames;

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
            connections: connections(config, issuer)?,
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

impl From<SigningAlg> for SigningAlgorithm {
    fn from(configured: SigningAlg) -> Self {
        match configured {
            SigningAlg::Es256 => Self::Es256,
            SigningAlg::Rs256 => Self::Rs256,
            SigningAlg::EdDsa => Self::EdDsa,
        }
    }
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

    use super::*;
    use crate::client::named::NamedCredential;
    use crate::key::KeySource;
    use crate::options::LoginOptions;
    use crate::person::accounts::{AccountsOptions, PasskeysPolicy, SecondFactorPolicy};

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
}
