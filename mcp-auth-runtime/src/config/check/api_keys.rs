//! `[[auth.api_keys]]`: each by itself, and no two of one name or one key.

use std::collections::btree_map::{BTreeMap, Entry};

use mcp_auth_core::ApiKey;
use mcp_auth_core::net::Network;

use super::conflict::{ApiKeyConflict, Conflict, ScopeConflict};
use super::findings::{Findings, OFFLINE_ACCESS};
use crate::authn::ApiKeyDigest;
use crate::config::section::api_keys::ApiKeyEntry;
use crate::config::section::auth::Verify;
use crate::config::{Warning, key};

/// The most API keys of one server: all of them are compared with each that is presented.
const MOST_API_KEYS: usize = 1000;

impl Findings<'_> {
    pub(super) fn api_keys(&mut self) {
        let config = self.config;
        let keys = &config.auth.api_keys;
        if keys.len() > MOST_API_KEYS {
            let at = self.at(key!(auth.api_keys));
            self.refuse(ApiKeyConflict::TooManyApiKeys { count: keys.len(), most: MOST_API_KEYS, at });
        }
        if config.auth.verify == Verify::None && !keys.is_empty() {
            let at = self.at(key!(auth.verify));
            self.refuse(ApiKeyConflict::UnusedApiKeys { at });
        }
        if config.auth.x_api_key && keys.is_empty() {
            self.warnings.push(Warning::HeaderWithoutApiKeys);
        }
        let mut names = BTreeMap::new();
        let mut digests = BTreeMap::new();
        for (index, entry) in keys.iter().enumerate() {
            let name = entry.name.as_str();
            if names.insert(name, index).is_some() {
                let at = self.at(key!(auth.api_keys[index].name));
                self.refuse(ApiKeyConflict::DuplicateApiKey { name: name.to_owned(), at });
            }
            for (digest, at) in self.digests(entry, index) {
                match digests.entry(digest) {
                    Entry::Vacant(free) => _ = free.insert(name),
                    Entry::Occupied(taken) => {
                        let other = (*taken.get()).to_owned();
                        self.refuse(ApiKeyConflict::DuplicateDigest { name: name.to_owned(), other, at });
                    }
                }
            }
            self.given_to(entry, index);
            self.used_from(entry);
        }
    }

    /// The digests of one entry, each with its key and who set it.
    fn digests(&mut self, entry: &ApiKeyEntry, index: usize) -> Vec<(ApiKeyDigest, String)> {
        let name = || entry.name.as_str().to_owned();
        match (&entry.digest, &entry.key) {
            (Some(digests), None) => {
                let at = self.at(key!(auth.api_keys[index].digest));
                digests.iter().map(|digest| (*digest, at.clone())).collect()
            }
            (None, Some(secret)) => {
                let at = self.at(key!(auth.api_keys[index].key));
                let key = match self.config.secret(secret).read() {
                    Ok(text) => text.expose().parse::<ApiKey>(),
                    Err(error) => {
                        self.refuse(Conflict::Secret { error, at });
                        return Vec::new();
                    }
                };
                match key {
                    Ok(key) => vec![(ApiKeyDigest::of(&key), at)],
                    Err(why) => {
                        self.refuse(ApiKeyConflict::NotAnApiKey { name: name(), why, at });
                        Vec::new()
                    }
                }
            }
            (Some(_), Some(_)) | (None, None) => {
                let at = self.at(key!(auth.api_keys[index]));
                self.refuse(ApiKeyConflict::DigestOrKey { name: name(), at });
                Vec::new()
            }
        }
    }

    /// What its bearer is given.
    fn given_to(&mut self, entry: &ApiKeyEntry, index: usize) {
        self.known_roles(&entry.roles, self.at(key!(auth.api_keys[index].roles)));
        if entry.scopes.iter().any(|scope| scope.as_str() == OFFLINE_ACCESS) {
            let at = self.at(key!(auth.api_keys[index].scopes));
            self.refuse(ScopeConflict::OfflineAccess { at });
        }
        for scope in self.unknown(&entry.scopes).into_iter().filter(|scope| scope != OFFLINE_ACCESS) {
            self.warnings.push(Warning::UnknownKeyScope { key: entry.name.as_str().to_owned(), scope });
        }
    }

    /// Whether it may be used from where the proxies are.
    fn used_from(&mut self, entry: &ApiKeyEntry) {
        let proxies: Vec<_> =
            self.config.server.trusted_proxies.iter().filter_map(|one| one.network()).collect();
        let allowed = entry.allowed_addresses.iter().flat_map(|all| all.iter()).map(|one| **one);
        let both = |allowed: Network| {
            let proxies = proxies.iter().find(|proxies| proxies.overlaps(&allowed))?;
            Some((allowed, proxies))
        };
        if let Some((allowed, proxies)) = allowed.filter_map(both).next() {
            let key = entry.name.as_str().to_owned();
            let (allowed, proxies) = (allowed.to_string(), proxies.to_string());
            self.warnings.push(Warning::ApiKeyFromProxy { key, allowed, proxies });
        }
    }
}
