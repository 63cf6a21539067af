//! How often a client secret may be wrong (RFC 6749 §2.3.1: brute force attacks have to be prevented).
//!
//! It is counted by client and address, never by client alone: strangers would lock the client out. An address that the server does not know
//! is that of everybody, so nothing is counted then; secrets have at least sixteen characters.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use mcp_auth_store::{Client, ClientCredential};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Refusal;
use crate::issuer::Issuer;
use crate::rate_limit::{AddressRate, RateLimit};
use crate::request::address::{place, site};

/// How often secrets may be wrong, and those that are judged now.
pub(crate) struct ClientSecrets {
    rate: AddressRate,
    /// Who waits to be judged, by network and client.
    turns: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// A request that sends a secret, as it is counted if the secret is wrong.
pub(super) struct Guess {
    from: Option<IpAddr>,
    /// What it is counted for: the identifier of a client, or nothing for all that are counted together.
    counted_for: BTreeSet<String>,
}

impl Guess {
    /// A request from this address.
    pub(super) fn from(from: Option<IpAddr>) -> Self {
        Self { from, counted_for: BTreeSet::new() }
    }

    /// Its secret is tried for this client. Those for clients that do not exist, or have no secret, are counted together: there is no end to
    /// such names. A request whose secret is tried for two clients counts for both.
    pub(super) fn tries(&mut self, client: Option<&Client>) {
        self.counted_for.insert(match client {
            Some(Client { id, credential: ClientCredential::Secret(_), .. }) => format!(" {id}"),
            Some(_) | None => String::new(),
        });
    }

    /// Lets the request go on, right or wrong, if not too many were wrong before. Who guesses too often learns nothing of a right one, and
    /// not by the time that it takes either.
    ///
    /// Each is judged when all before it are, so that of many at once no more are told than of as many one after the other. A right one has its
    /// turn alone too: otherwise many copies of it would be answered sooner than many copies of a wrong one, also where all are refused. Another process on the store can judge one at the same moment.
    ///
    /// # Errors
    /// [`Refusal::TooOften`], [`Refusal::Store`].
    pub(super) async fn judge(self, issuer: &Issuer, is_right: bool) -> Result<(), Refusal> {
        if self.from.is_none() || self.counted_for.is_empty() {
            return Ok(());
        }
        // Nobody waits who is refused anyway, and nobody makes others wait.
        self.look(issuer).await?;
        let network = site(self.from).unwrap_or_else(|| place(self.from));
        let mut turns = Vec::new();
        // In the order of their names, so that no two requests wait for each other.
        for counted_for in &self.counted_for {
            turns.extend(issuer.client_secrets.turn(format!("{network}{counted_for}")).await);
        }
        self.look(issuer).await?;
        if !is_right {
            for counted_for in &self.counted_for {
                self.limit(issuer, counted_for).count(&issuer.store, issuer.now()).await??;
            }
        }
        Ok(())
    }

    /// Whether not too many were wrong by now.
    async fn look(&self, issuer: &Issuer) -> Result<(), Refusal> {
        for counted_for in &self.counted_for {
            self.limit(issuer, counted_for).look(&issuer.store, issuer.now()).await??;
        }
        Ok(())
    }

    fn limit(&self, issuer: &Issuer, counted_for: &str) -> RateLimit {
        RateLimit::of_address(self.from, issuer.client_secrets.rate, |network| {
            format!("issuer-client-secrets {network}{counted_for}")
        })
    }
}

impl ClientSecrets {
    /// From one address, and from one IPv6 network of 48 bits, for one client.
    pub(crate) fn new(rate: AddressRate) -> Self {
        Self { rate, turns: Mutex::default() }
    }

    /// Waits for a turn under this name, in the order in which requests came.
    async fn turn(&self, name: String) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed, so there is a permit.
        self.queue(name).acquire_owned().await.ok()
    }

    fn queue(&self, name: String) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.get(&name).and_then(Weak::upgrade).unwrap_or_else(|| {
            turns.retain(|_, queue| queue.strong_count() > 0);
            let queue = Arc::new(Semaphore::new(1));
            turns.insert(name, Arc::downgrade(&queue));
            queue
        })
    }
}
