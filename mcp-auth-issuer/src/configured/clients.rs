//! `[[issuer.clients]]`, and `[issuer.registration]`.

use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::config::Config;
use mcp_auth_runtime::config::issuer::{BuiltInIssuer, IssuerClient};
use mcp_auth_store::{ClientKeys, SecretHash, Store};

use super::ConfiguredError;
use crate::client::known::Clients;
use crate::client::named::{NamedClient, NamedCredential};
use crate::endpoint::{InitialAccessToken, RegistrationOptions};

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

/// A client of `[[issuer.clients]]`. None is public by mistake: only one that says so.
pub(super) fn named(config: &Config, client: &IssuerClient) -> Result<NamedClient, ConfiguredError> {
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
pub(super) fn registration(
    config: &Config,
    issuer: &BuiltInIssuer,
) -> Result<RegistrationOptions, ConfiguredError> {
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

#[cfg(test)]
mod tests {
    use mcp_auth_store::{ClientCredential, GrantType};
    use serde_json::Value;

    use super::*;
    use crate::options::IssuerOptions;

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
}
