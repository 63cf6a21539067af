//! The options that `[issuer]` of `mcp.toml` sets. The one file here that reads the runtime's configuration: the facade
//! and the `mcp-auth` command both need it, and this crate is the highest one below both.

use mcp_auth_core::own_claims::ROLES_CLAIM;
use mcp_auth_runtime::config::issuer::BuiltInIssuer;
use mcp_auth_runtime::config::{Config, RoleName, SecretError};
use serde_json::{Map, Value};

use crate::client::document::ClientDocuments;
use crate::options::{IssuerOptions, NamedClient};

impl IssuerOptions {
    /// The options in `[issuer]`, with the clients' secrets read.
    ///
    /// # Errors
    /// [`SecretError`] if a client secret cannot be read.
    pub fn configured(config: &Config, issuer: &BuiltInIssuer) -> Result<Self, SecretError> {
        let mut clients = Vec::with_capacity(issuer.clients.len());
        for client in &issuer.clients {
            clients.push(NamedClient {
                id: client.client_id.as_str().to_owned(),
                secret: config.secret(&client.client_secret).read()?,
                scopes: client.scopes(),
            });
        }
        Ok(Self {
            access_token_lifetime: issuer.access_token_lifetime.get(),
            refresh_token_lifetime: issuer.refresh_token_lifetime.get(),
            code_lifetime: issuer.code_lifetime.get(),
            grant_lifetime: issuer.grant_lifetime.get(),
            refresh_grace: issuer.refresh_grace.get(),
            users: issuer.users.names().map(str::to_owned).collect(),
            clients,
            claims: issuer.subjects().map(said_of).collect(),
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
    use crate::key::KeySource;

    #[test]
    fn every_key_of_the_section_is_an_option() {
        let text = "access_token_lifetime = \"5m\"\nrefresh_token_lifetime = \"1h\"\ncode_lifetime = \"30s\"\n\
                    grant_lifetime = \"30d\"\nrefresh_grace = \"10s\"\n\
                    users = [\"ann\"]\nstate_dir = \"/srv/state\"\n\
                    clients = [{ client_id = \"m2m\", client_secret = \"env:S\", scopes = [\"a\"] }]\n\
                    client_documents = { enabled = false, ca_file = \"file:ca.pem\", private = { \"client.test\" = \"127.0.0.1:8443\" } }";
        let config = |process| {
            let builder = Config::builder().process(process);
            builder.toml(&format!("[issuer]\n{text}")).build().unwrap()
        };
        let configured =
            |config: &Config| IssuerOptions::configured(config, config.built_in_issuer().unwrap());
        let process = mcp_auth_runtime::config::ProcessContext::empty();
        let options = configured(&config(process.clone().variable("S", "hunter2hunter2"))).unwrap();
        assert_eq!(options.access_token_lifetime, Duration::from_secs(5 * 60));
        assert_eq!(options.refresh_token_lifetime, Duration::from_secs(60 * 60));
        assert_eq!(options.code_lifetime, Duration::from_secs(30));
        assert_eq!(options.grant_lifetime, Duration::from_secs(30 * 24 * 60 * 60));
        assert_eq!(options.refresh_grace, Duration::from_secs(10));
        assert_eq!(options.users, ["ann"]);
        assert_eq!((&*options.clients[0].id, options.clients[0].secret.expose()), ("m2m", "hunter2hunter2"));
        assert_eq!(options.clients[0].scopes.to_string(), "a");
        assert!(matches!(&options.signing_key, KeySource::StateDir(dir) if dir.ends_with("srv/state")));
        let documents = &options.client_documents;
        assert!(
            !documents.enabled && documents.ca_file.as_ref().is_some_and(|file| file.ends_with("ca.pem"))
        );
        assert_eq!(documents.private["client.test"], ([127, 0, 0, 1], 8443).into());
        assert!(configured(&config(process)).unwrap_err().to_string().contains("S is not set"));
    }
}
