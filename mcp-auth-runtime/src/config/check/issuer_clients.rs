//! `[[issuer.clients]]` and `[issuer.registration]`: each client authenticates in one way, and may present what fits it.

use std::collections::BTreeSet;

use mcp_auth_store::GrantType;

use super::conflict::{Conflict, IssuerClientConflict};
use super::findings::Findings;
use crate::config::key;
use crate::config::section::issuer::IssuerClient;

/// The fewest characters of an initial access token: whoever has a shorter one can be anybody.
const SHORTEST_TOKEN: usize = 32;

impl Findings<'_> {
    pub(super) fn issuer_clients(&mut self) {
        let config = self.config;
        let Some(issuer) = config.built_in_issuer() else { return };
        let mut seen = BTreeSet::new();
        for (index, client) in issuer.clients.iter().enumerate() {
            if !seen.insert(client.client_id.as_str()) {
                let client = client.client_id.as_str().to_owned();
                let at = self.at(key!(issuer?.clients[index].client_id));
                self.refuse(IssuerClientConflict::DuplicateClient { client, at });
            }
            if issuer.people().any(|user| user == client.client_id.as_str()) {
                let client = client.client_id.as_str().to_owned();
                let at = self.at(key!(issuer?.clients[index].client_id));
                self.refuse(IssuerClientConflict::ClientIsUser { client, at });
            }
            self.authenticates(client, index);
            self.grants_of(client, index);
            if !issuer.device_code && client.grant_types().contains(&GrantType::DeviceCode) {
                let client = client.client_id.as_str().to_owned();
                let at = self.at(key!(issuer?.clients[index].grant_types));
                self.refuse(IssuerClientConflict::DeviceCodeOff { client, at });
            }
            self.known_only(&client.scopes, self.at(key!(issuer?.clients[index].scopes)));
        }
    }

    /// The initial access tokens: each has one name, and one place.
    pub(super) fn initial_access_tokens(&mut self) {
        let config = self.config;
        let Some(issuer) = config.built_in_issuer() else { return };
        let mut names = BTreeSet::new();
        for (index, token) in issuer.registration.initial_access_tokens.iter().enumerate() {
            let name = || token.name.as_str().to_owned();
            if !names.insert(token.name.as_str()) {
                let at = self.at(key!(issuer?.registration.initial_access_tokens[index].name));
                self.refuse(IssuerClientConflict::DuplicateInitialToken { name: name(), at });
            }
            match (&token.sha256, &token.token) {
                (Some(_), None) => {}
                (None, Some(secret)) => {
                    let at = self.at(key!(issuer?.registration.initial_access_tokens[index].token));
                    match config.secret(secret).read() {
                        Ok(text) if text.expose().chars().count() < SHORTEST_TOKEN => {
                            self.refuse(IssuerClientConflict::ShortInitialToken {
                                name: name(),
                                least: SHORTEST_TOKEN,
                                at,
                            });
                        }
                        Ok(_) => {}
                        Err(error) => self.refuse(Conflict::Secret { error, at }),
                    }
                }
                (Some(_), Some(_)) | (None, None) => {
                    let at = self.at(key!(issuer?.registration.initial_access_tokens[index]));
                    self.refuse(IssuerClientConflict::HashOrToken { name: name(), at });
                }
            }
        }
    }

    /// How a client authenticates: in exactly one way.
    fn authenticates(&mut self, client: &IssuerClient, index: usize) {
        let id = || client.client_id.as_str().to_owned();
        match client.credentials().as_slice() {
            [_] => {}
            [] => {
                let at = self.at(key!(issuer?.clients[index]));
                self.refuse(IssuerClientConflict::ClientWithoutCredential { client: id(), at });
            }
            several => {
                let (keys, at) = (several.join(", "), self.at(key!(issuer?.clients[index])));
                self.refuse(IssuerClientConflict::ClientCredentials { client: id(), keys, at });
            }
        }
        if let Some(secret) = &client.client_secret
            && let Err(error) = self.config.secret(secret).read()
        {
            let at = self.at(key!(issuer?.clients[index].client_secret));
            self.refuse(Conflict::Secret { error, at });
        }
        if let Some(jwks) = &client.jwks
            && let Err(error) = self.config.jwk_set(jwks)
        {
            let at = self.at(key!(issuer?.clients[index].jwks));
            self.refuse(IssuerClientConflict::ClientKeys { client: id(), error, at });
        }
    }

    /// What a client may present: what fits the way in which it authenticates, and where answers to it go.
    fn grants_of(&mut self, client: &IssuerClient, index: usize) {
        let id = || client.client_id.as_str().to_owned();
        let grants = client.grant_types();
        // RFC 6749 §4.4: only confidential clients; and who exchanges a token, or presents an assertion about a person, gets one without a
        // page.
        let confidential = [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer];
        if client.public
            && let Some(grant) = confidential.into_iter().find(|grant| grants.contains(grant))
        {
            let at = self.at(key!(issuer?.clients[index].grant_types));
            self.refuse(IssuerClientConflict::PublicClientGrant { client: id(), grant: grant.as_str(), at });
        }
        match (grants.contains(&GrantType::AuthorizationCode), client.redirect_uris.is_empty()) {
            (true, true) => {
                let at = self.at(key!(issuer?.clients[index].redirect_uris));
                self.refuse(IssuerClientConflict::ClientWithoutRedirectUri { client: id(), at });
            }
            (false, false) => {
                let at = self.at(key!(issuer?.clients[index].grant_types));
                self.refuse(IssuerClientConflict::ClientRedirectUnused { client: id(), at });
            }
            (true, false) | (false, true) => {}
        }
        if !client.exchange_from.is_empty() && !grants.contains(&GrantType::TokenExchange) {
            let at = self.at(key!(issuer?.clients[index].exchange_from));
            self.refuse(IssuerClientConflict::ClientExchangeUnused { client: id(), at });
        }
        let refreshable = [GrantType::AuthorizationCode, GrantType::DeviceCode];
        if grants.contains(&GrantType::RefreshToken)
            && !refreshable.iter().any(|grant| grants.contains(grant))
        {
            let at = self.at(key!(issuer?.clients[index].grant_types));
            self.refuse(IssuerClientConflict::ClientRefreshUnused { client: id(), at });
        }
    }
}
