//! The clients of which something is kept, whichever way they came: what an operator sees of them, and the end of what they have not redeemed yet.

use std::collections::BTreeSet;

use crate::{Client, StoreFuture};

/// What is kept of one client.
#[derive(Debug, Clone)]
pub struct ListedClient {
    /// Its `client_id`.
    pub client_id: String,
    /// What it registered, if it did. Of a client that describes itself, or of one of the configuration, only what people allowed it is kept.
    pub registered: Option<Client>,
    /// How many people allowed it something, and have not taken all of it back.
    pub people: u64,
    /// How many grants can be refreshed.
    pub grants: u64,
    /// Where the codes of these grants were sent.
    pub redirect_uris: BTreeSet<String>,
    /// When somebody allowed it something, or it refreshed last, in Unix seconds.
    pub last_used: Option<u64>,
}

impl ListedClient {
    /// One of which nothing else is known yet.
    pub(crate) fn new(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            registered: None,
            people: 0,
            grants: 0,
            redirect_uris: BTreeSet::new(),
            last_used: None,
        }
    }

    /// It was used then.
    pub(crate) fn used(&mut self, at: u64) {
        self.last_used = self.last_used.max(Some(at));
    }

    /// It has a grant, which was used last then.
    pub(crate) fn granted(&mut self, redirect_uri: &str, last_used: u64) {
        self.grants += 1;
        self.used(last_used);
        if !redirect_uri.is_empty() {
            self.redirect_uris.insert(redirect_uri.to_owned());
        }
    }
}

/// The clients of which something is kept. Each of these steps reads all rows, so it is for an operator's command alone.
pub trait KnownClients: Send + Sync {
    /// Every client that is registered, or that somebody allowed something, by its identifier.
    fn list(&self, now: u64) -> StoreFuture<'_, Vec<ListedClient>>;

    /// Removes what this client has not redeemed yet: codes, and device codes, answered or not.
    fn end_codes<'a>(&'a self, client_id: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
