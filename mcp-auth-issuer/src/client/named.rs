//! Clients that the operator registered, in the configuration or in a program.

use std::collections::BTreeSet;

use mcp_auth_core::redirect_uri::RedirectUri;
use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_runtime::facade::{Algorithm, PublicKeys};
use mcp_auth_store::{Client, ClientCredential, ClientKeys, GrantType, SecretHash};

use crate::client::document::{DocumentError, Documents};
use crate::options::InvalidOption;

/// The shortest secret, in characters. A shorter one is guessed, however slowly (OAuth 2.1 §2.4.1).
const SHORTEST_SECRET: usize = 16;

/// A client that the operator registered (OAuth 2.1 §2).
///
/// # Example
/// ```
/// use mcp_auth_issuer::{GrantType, NamedClient};
/// let callback = "http://127.0.0.1/callback".parse().unwrap();
/// let app = NamedClient { name: Some("Our app".into()), ..NamedClient::public("our-app", [callback]) };
/// assert!(app.grant_types.contains(&GrantType::AuthorizationCode));
/// ```
#[derive(Debug, Clone)]
pub struct NamedClient {
    /// The `client_id`, which is also the `sub` of the tokens that it gets for itself.
    pub id: String,
    /// The name that people see.
    pub name: Option<String>,
    /// How it authenticates.
    pub credential: NamedCredential,
    /// Where answers to it may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether its authorization requests have to be pushed first (RFC 9126 §6).
    pub require_par: bool,
    /// Whether it gets no token without a proof of a key (DPoP, RFC 9449 §5.2).
    pub dpop_bound: bool,
    /// What it may present at the token endpoint.
    pub grant_types: BTreeSet<GrantType>,
    /// The largest set of scopes it can get where no person decides; it gets all of them if it asks for no scope.
    pub scopes: ScopeSet,
    /// Further clients whose access tokens it may exchange (RFC 8693), by their `client_id`; its own it always may. Only with the grant type
    /// of token exchange.
    pub exchange_from: BTreeSet<String>,
}

/// How a client that the operator registered authenticates (OAuth 2.1 §2.4).
#[derive(Debug, Clone)]
pub enum NamedCredential {
    /// It does not: a public client.
    Public,
    /// By this secret of at least 16 characters.
    Secret(SecretText),
    /// By the secret of which this is the hash: at least 32 random characters.
    SecretHash(SecretHash),
    /// By assertions that one of its keys signs (`private_key_jwt`, RFC 7523 §2.2).
    Keys(ClientKeys),
}

impl NamedClient {
    /// A client that gets tokens for itself, with a secret (RFC 6749 §4.4).
    pub fn machine(id: impl Into<String>, secret: &str, scopes: ScopeSet) -> Self {
        Self {
            id: id.into(),
            name: None,
            credential: NamedCredential::Secret(SecretText::new(secret)),
            redirect_uris: Vec::new(),
            require_par: false,
            dpop_bound: false,
            grant_types: [GrantType::ClientCredentials].into(),
            scopes,
            exchange_from: BTreeSet::new(),
        }
    }

    /// A public client that people log in with (OAuth 2.1 §2.1), which refreshes what it gets.
    pub fn public(id: impl Into<String>, redirect_uris: impl IntoIterator<Item = RedirectUri>) -> Self {
        Self {
            id: id.into(),
            name: None,
            credential: NamedCredential::Public,
            redirect_uris: redirect_uris.into_iter().collect(),
            require_par: false,
            dpop_bound: false,
            grant_types: Client::for_people(true),
            scopes: ScopeSet::default(),
            exchange_from: BTreeSet::new(),
        }
    }

    /// Checks what the fields have to be together. The configuration says the same with the place of each.
    pub(crate) fn check(&self) -> Result<(), InvalidOption> {
        let id = || self.id.clone();
        match &self.credential {
            NamedCredential::Secret(secret) if secret.expose().chars().count() < SHORTEST_SECRET => {
                return Err(InvalidOption::ShortSecret { id: id() });
            }
            NamedCredential::Keys(ClientKeys::Set(set)) => {
                PublicKeys::read(set.as_bytes(), &Algorithm::OF_ASSERTIONS)
                    .map_err(|why| InvalidOption::ClientKeys { id: id(), why })?;
            }
            NamedCredential::Public => {
                let confidential =
                    [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer];
                if let Some(grant) = confidential.into_iter().find(|grant| self.grant_types.contains(grant)) {
                    return Err(InvalidOption::PublicClient { id: id(), grant: grant.as_str() });
                }
            }
            NamedCredential::Secret(_)
            | NamedCredential::SecretHash(_)
            | NamedCredential::Keys(ClientKeys::At(_)) => {}
        }
        if !self.exchange_from.is_empty() && !self.grant_types.contains(&GrantType::TokenExchange) {
            return Err(InvalidOption::ExchangeUnused { id: id() });
        }
        match self.grant_types.contains(&GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            true => Err(InvalidOption::ClientWithoutRedirectUri { id: id() }),
            false => Ok(()),
        }
    }

    /// Checks that its keys would be asked for where they are.
    pub(crate) fn keys_can_be_fetched(&self, documents: &Documents) -> Result<(), InvalidOption> {
        let NamedCredential::Keys(ClientKeys::At(url)) = &self.credential else { return Ok(()) };
        let refused =
            |why: DocumentError| InvalidOption::ClientKeysAt { id: self.id.clone(), why: why.to_string() };
        documents.may_hold_keys(url).map_err(refused)
    }
}

impl From<&NamedClient> for Client {
    fn from(named: &NamedClient) -> Self {
        Self {
            id: named.id.clone(),
            name: named.name.clone(),
            redirect_uris: named.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
            grant_types: named.grant_types.clone(),
            scopes: named.scopes.clone(),
            credential: match &named.credential {
                NamedCredential::Public => ClientCredential::None,
                NamedCredential::Secret(secret) => ClientCredential::Secret(SecretHash::of(secret.expose())),
                NamedCredential::SecretHash(hash) => ClientCredential::Secret(*hash),
                NamedCredential::Keys(keys) => ClientCredential::Keys(keys.clone()),
            },
            secret_in_form: false,
            registered_at: 0,
            registration_token: None,
            require_par: named.require_par,
            dpop_bound: named.dpop_bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut NamedClient)) -> Result<(), InvalidOption> {
        let mut client = NamedClient::machine("app", "hunter2hunter2hunter2", ScopeSet::default());
        change(&mut client);
        client.check()
    }

    #[test]
    fn a_public_client_gets_nothing_for_itself_and_one_for_people_says_where_it_is() {
        let public = |grant: GrantType| {
            check(|client| {
                client.credential = NamedCredential::Public;
                client.grant_types = [grant].into();
                client.redirect_uris = vec!["https://app.example/cb".parse().unwrap()];
            })
        };
        assert_eq!(public(GrantType::AuthorizationCode), Ok(()));
        for grant in [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer] {
            let refused = InvalidOption::PublicClient { id: "app".into(), grant: grant.as_str() };
            assert_eq!(public(grant), Err(refused));
            assert_eq!(check(|client| client.grant_types = [grant].into()), Ok(()));
        }
        let without = check(|client| client.grant_types = Client::for_people(true));
        assert_eq!(without, Err(InvalidOption::ClientWithoutRedirectUri { id: "app".into() }));
    }

    #[test]
    fn a_secret_that_can_be_guessed_stops_the_start() {
        let secret =
            |text: &str| check(|client| client.credential = NamedCredential::Secret(SecretText::new(text)));
        for short in
            ["", "s", "hunter2", "fifteen letters", "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"]
        {
            assert_eq!(secret(short), Err(InvalidOption::ShortSecret { id: "app".into() }), "{short}");
        }
        assert_eq!(secret("sixteen letters!"), Ok(()));
        let hashed = check(|client| client.credential = NamedCredential::SecretHash(SecretHash::of("s")));
        assert_eq!(hashed, Ok(()), "of a hash nothing can be told");
    }

    #[test]
    fn whose_tokens_a_client_exchanges_is_said_of_one_that_exchanges_tokens() {
        let with = |grant: GrantType| {
            check(|client| {
                client.grant_types = [grant].into();
                client.exchange_from = ["app".to_owned()].into();
            })
        };
        assert_eq!(with(GrantType::TokenExchange), Ok(()));
        let refused = InvalidOption::ExchangeUnused { id: "app".into() };
        assert_eq!(with(GrantType::ClientCredentials), Err(refused));
    }

    #[test]
    fn keys_of_a_client_are_public_keys() {
        let keys = |set: &str| {
            check(|client| client.credential = NamedCredential::Keys(ClientKeys::Set(set.to_owned())))
        };
        let public = crate::key::SigningKey::generate().unwrap().jwks();
        assert_eq!(keys(&public.to_string()), Ok(()));
        for bad in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#] {
            assert!(matches!(keys(bad), Err(InvalidOption::ClientKeys { .. })), "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_client_secret() {
        let client = NamedClient::machine("m2m", "hunter2hunter2hunter2", ScopeSet::default());
        assert!(!format!("{client:?}").contains("hunter2"));
    }
}
