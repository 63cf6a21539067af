//! What an operator does with any client, whichever way it came: sees it, and removes it.

use std::collections::{BTreeMap, BTreeSet};

use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::{ListedClient, Revoked, Store, StoreError};
use serde::Serialize;

use crate::client::document::is_url;
use crate::client::redirect_uri::{Destination, destination};
use crate::observe::client::ClientRemoved;
use crate::observe::{Event as _, Word};

/// The clients of an issuer, as its store and its configuration know them. For an operator's command, beside the server.
///
/// # Example
/// ```
/// # use mcp_auth_issuer::{Caps, Clients, RemoveClientError, Store};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), RemoveClientError> {
/// let ambient = mcp_auth_core::ambient::Ambient::system();
/// let clients = Clients::new(Store::memory(Caps::default()), ambient);
/// assert!(clients.list().await?.is_empty());
/// assert!(matches!(clients.remove("made up").await, Err(RemoveClientError::Unknown)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Clients {
    store: Store,
    ambient: Ambient,
    configured: BTreeMap<String, ClientLine>,
}

/// How a client got known to the issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientOrigin {
    /// The configuration names it.
    Configured,
    /// It registered itself (RFC 7591).
    Registered,
    /// It describes itself at the URL that is its `client_id`.
    Document,
    /// In no way any more: it was taken out of the configuration, or its registration ended, and people allowed it something before.
    Gone,
}

/// A client, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ClientLine {
    /// Its identifier.
    pub client_id: String,
    /// How it got known.
    pub origin: ClientOrigin,
    /// What it is called: by the configuration, or by itself, which proves nothing. Of one that describes itself it is not kept.
    pub name: Option<String>,
    /// Where answers to it go: the hosts of its redirect URIs, and for an app on a computer the scheme. Of one that describes itself, those of its grants.
    pub redirect_hosts: BTreeSet<String>,
    /// How many people allowed it something, and have not taken all of it back.
    pub people: u64,
    /// How many grants can be refreshed.
    pub grants: u64,
    /// When it registered, in Unix seconds.
    pub registered_at: Option<u64>,
    /// When somebody allowed it something, or it refreshed last, in Unix seconds. What it gets for itself is not counted.
    pub last_used: Option<u64>,
}

/// Why a client was not removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveClientError {
    /// Nothing is kept of it.
    #[error("no such client is known here; `mcp-auth issuer client list` shows all of them")]
    Unknown,
    /// The store failed; some of what was to be done may be done. To do it again is not an error.
    #[error("the store failed: {}", .0.cause())]
    Store(#[from] StoreError),
}

impl ClientLine {
    /// One of which nothing else is known yet.
    fn new(client_id: &str, origin: ClientOrigin) -> Self {
        Self {
            client_id: client_id.to_owned(),
            origin,
            name: None,
            redirect_hosts: BTreeSet::new(),
            people: 0,
            grants: 0,
            registered_at: None,
            last_used: None,
        }
    }

    fn is_answered_at<'a>(&mut self, redirect_uris: impl IntoIterator<Item = &'a str>) {
        self.redirect_hosts.extend(redirect_uris.into_iter().map(|uri| match destination(uri) {
            Destination::ThisComputer(host) | Destination::Web(host) => host,
            Destination::App(scheme) => format!("{scheme}:"),
        }));
    }

    fn has(&mut self, kept: ListedClient) {
        self.is_answered_at(kept.redirect_uris.iter().map(String::as_str));
        (self.people, self.grants, self.last_used) = (kept.people, kept.grants, kept.last_used);
        let Some(registered) = kept.registered.filter(|_| self.origin == ClientOrigin::Registered) else {
            return;
        };
        self.is_answered_at(registered.redirect_uris.iter().map(String::as_str));
        (self.name, self.registered_at) = (registered.name, Some(registered.registered_at));
    }
}

impl Clients {
    /// The clients in `store`.
    pub fn new(store: Store, ambient: Ambient) -> Self {
        Self { store, ambient, configured: BTreeMap::new() }
    }

    /// The configuration names this one.
    pub(crate) fn name<'a>(
        &mut self,
        client_id: &str,
        name: Option<&str>,
        redirect_uris: impl IntoIterator<Item = &'a str>,
    ) {
        let mut line = ClientLine::new(client_id, ClientOrigin::Configured);
        line.name = name.map(str::to_owned);
        line.is_answered_at(redirect_uris);
        self.configured.insert(client_id.to_owned(), line);
    }

    fn now(&self) -> u64 {
        self.ambient.clock.unix_now()
    }

    /// Every client that the configuration names, that registered, or that somebody allowed something, by its identifier.
    ///
    /// # Errors
    /// [`RemoveClientError::Store`].
    pub async fn list(&self) -> Result<Vec<ClientLine>, RemoveClientError> {
        let mut all = self.configured.clone();
        for kept in self.store.known_clients().list(self.now()).await? {
            // As the issuer finds it: the identifiers of those that registered never look like a URL.
            let origin = match &kept.registered {
                _ if is_url(&kept.client_id) => ClientOrigin::Document,
                Some(_) => ClientOrigin::Registered,
                None => ClientOrigin::Gone,
            };
            let line = all.entry(kept.client_id.clone());
            line.or_insert_with_key(|id| ClientLine::new(id, origin)).has(kept);
        }
        Ok(all.into_values().collect())
    }

    /// Removes a client, with all that people allowed it: its registration, codes, device codes and grants, and what it would get again without a
    /// question. All its access tokens are revoked, with those that others got in exchange for them. Returns what it was.
    ///
    /// One that the configuration names, or that describes itself, can be allowed something again.
    ///
    /// # Errors
    /// [`RemoveClientError::Unknown`]; [`RemoveClientError::Store`], and some of it may be gone then.
    pub async fn remove(&self, client_id: &str) -> Result<ClientLine, RemoveClientError> {
        let mut all = self.list().await?.into_iter();
        let client = all.find(|line| line.client_id == client_id).ok_or(RemoveClientError::Unknown)?;
        let all_tokens = || Revoked::Client(client_id.to_owned());
        // What a stolen token can do at once goes first.
        self.store.revocations().revoke(all_tokens(), self.now()).await?;
        // What can become a grant, and then grants.
        self.store.known_clients().end_codes(client_id, self.now()).await?;
        self.store.clients().remove(client_id, self.now()).await?;
        // Once more: one of these grants may have been used meanwhile, by an issuer that knew of the first revocation.
        self.store.revocations().revoke(all_tokens(), self.now()).await?;
        ClientRemoved { client_id, by: Word("operator"), address: None }.happened();
        Ok(client)
    }
}
