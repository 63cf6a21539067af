//! How often a client secret may be wrong (RFC 6749 §2.3.1: brute force attacks have to be prevented).
//!
//! It is counted by client and address, never by client alone: strangers would lock the client out. An address that the server does not know
//! is that of everybody, so nothing is counted then; secrets have at least sixteen characters.
//!
//! Neighbours of a client share its IPv6 network, or its IPv4 address. They shut it out as little as can be: where it was right before, it is
//! counted by its very address, and a right secret that this issuer made is let in always.

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
    were_right: Mutex<RightOnes>,
}

/// From which addresses clients showed their right secret: from elsewhere in the network nobody did.
#[derive(Default)]
struct RightOnes {
    /// By address and client, which of them all it was.
    of: HashMap<(IpAddr, String), u64>,
    last: u64,
}

/// So many addresses of clients are known that showed their right secret; over it, the one is forgotten that did so longest ago.
const MOST_RIGHT: usize = 1024;

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
            Some(client @ Client { credential: ClientCredential::Secret(_), .. }) => name(client),
            Some(_) | None => String::new(),
        });
    }

    /// Lets the request go on, if not too many were wrong before. `right`: the client whose secret it is. Who guesses too often learns nothing of a right one, and
    /// not by the time that it takes either.
    ///
    /// They are judged one after the other, so many at once learn as much as the same number in turn. A right one has its
    /// turn alone too: otherwise many copies of it would be answered sooner than many copies of a wrong one, also where all are refused. Another process on the store can judge one at the same moment.
    ///
    /// # Errors
    /// [`Refusal::TooOften`], [`Refusal::Store`].
    pub(super) async fn judge(self, issuer: &Issuer, right: Option<&Client>) -> Result<(), Refusal> {
        if self.from.is_none() || self.counted_for.is_empty() {
            return Ok(());
        }
        // Nobody waits who is refused anyway, and nobody makes others wait.
        self.look(issuer).await?;
        let mut turns = Vec::new();
        // In the order of their names, so that no two requests wait for each other.
        for counted_for in &self.counted_for {
            turns.extend(issuer.client_secrets.turn(self.turn(issuer, counted_for)).await);
        }
        self.look(issuer).await?;
        match right {
            // Not for another client that it was tried for too.
            Some(client) => issuer.client_secrets.was_right(self.from, name(client)),
            None => {
                for counted_for in &self.counted_for {
                    self.limit(issuer, counted_for).count(&issuer.store, issuer.now()).await??;
                }
            }
        }
        Ok(())
    }

    /// With whom it waits to be judged.
    fn turn(&self, issuer: &Issuer, counted_for: &str) -> String {
        match self.known_address(issuer, counted_for) {
            Some(address) => format!("at {address}{counted_for}"),
            None => format!("{}{counted_for}", site(self.from).unwrap_or_else(|| place(self.from))),
        }
    }

    /// The address that it comes from, if the client showed its right secret from there before.
    fn known_address(&self, issuer: &Issuer, counted_for: &str) -> Option<IpAddr> {
        self.from.filter(|from| issuer.client_secrets.knows(*from, counted_for))
    }

    /// Refuses if too many were wrong before.
    async fn look(&self, issuer: &Issuer) -> Result<(), Refusal> {
        for counted_for in &self.counted_for {
            self.limit(issuer, counted_for).look(&issuer.store, issuer.now()).await??;
        }
        Ok(())
    }

    fn limit(&self, issuer: &Issuer, counted_for: &str) -> RateLimit {
        let rate = issuer.client_secrets.rate;
        match self.known_address(issuer, counted_for) {
            Some(address) => {
                RateLimit::of(format!("issuer-client-secrets at {address}{counted_for}"), rate.of_a_place())
            }
            None => RateLimit::of_address(self.from, rate, |network| {
                format!("issuer-client-secrets {network}{counted_for}")
            }),
        }
    }
}

/// What is counted for this client.
fn name(client: &Client) -> String {
    format!(" {}", client.id)
}

impl ClientSecrets {
    /// From one address, and from one IPv6 network of 48 bits, for one client.
    pub(crate) fn new(rate: AddressRate) -> Self {
        Self { rate, turns: Mutex::default(), were_right: Mutex::default() }
    }

    fn knows(&self, from: IpAddr, counted_for: &str) -> bool {
        let were_right = self.were_right.lock().unwrap_or_else(PoisonError::into_inner);
        were_right.of.contains_key(&(from, counted_for.to_owned()))
    }

    /// From this address a right secret came.
    fn was_right(&self, from: Option<IpAddr>, counted_for: String) {
        let Some(from) = from else { return };
        let mut were_right = self.were_right.lock().unwrap_or_else(PoisonError::into_inner);
        were_right.last += 1;
        let last = were_right.last;
        were_right.of.insert((from, counted_for), last);
        if were_right.of.len() > MOST_RIGHT {
            let oldest = were_right.of.iter().min_by_key(|(_, last)| **last).map(|(of, _)| of.clone());
            oldest.map(|of| were_right.of.remove(&of));
        }
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
