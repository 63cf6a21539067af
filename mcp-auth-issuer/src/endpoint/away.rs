//! A person goes to another page of their login and comes back: what is kept until then, and how often one address may do so.

use std::net::IpAddr;

use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_store::{SecretHash, StoreError, Transaction};
use serde::{Deserialize, Serialize};

use super::press::Press;
use crate::issuer::Issuer;
use crate::rate_limit::{RateLimit, TooSoon};

/// The kind of the transaction.
const KIND: &str = "login-away";
/// How long a person has for another page, in seconds.
pub(super) const LIFETIME: u64 = 10 * 60;

/// What a person logs in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Purpose {
    /// An application asks them for access.
    Authorize,
    /// A call waits for their answer.
    Confirm,
    /// A call waits for an account of theirs: they log in to connect it.
    Connect,
    /// The same: they are at the provider of the account.
    Connected,
    /// A device shows them a code.
    Device,
    /// Their own page.
    Account,
    /// They change how they log in.
    Factors,
}

/// What a person decided on the page of an application before they went to log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decision {
    /// What they allowed.
    pub(super) scopes: ScopeSet,
    /// Whether they need not be asked again.
    pub(super) remember: bool,
    /// Who was known to be at the browser: the decision is theirs, and nobody else's. Without one it waits for a page that says who it is.
    pub(super) by: Option<String>,
    /// Whether they answered now; else they had said before that they need not be asked.
    pub(super) asked: bool,
    /// By what it counts when they come back, where they answered now and were known.
    #[serde(default)]
    pub(super) press: Option<Press>,
}

/// A person who went to another page to log in.
#[derive(Serialize, Deserialize)]
pub(super) struct Away {
    pub(super) purpose: Purpose,
    /// The URL of our page that they come back to, relative to the origin.
    pub(super) url: String,
    /// The name of the provider that they went to.
    pub(super) upstream: Option<String>,
    /// What the page was about.
    pub(super) request: SecretHash,
    /// When they went, in Unix seconds.
    pub(super) begun_at: u64,
    /// What they decided before they went.
    pub(super) decision: Option<Decision>,
    /// What the login had found out: a secret, so it is written only into the transaction, which the store encrypts.
    found: Option<String>,
}

impl Away {
    /// One who goes now, of whom the login found this out.
    pub(super) fn begun(
        purpose: Purpose,
        url: &str,
        request: SecretHash,
        begun_at: u64,
        found: Option<&SecretText>,
    ) -> Self {
        let found = found.map(|found| found.expose().to_owned());
        Self { purpose, url: url.to_owned(), upstream: None, request, begun_at, decision: None, found }
    }

    /// The query of the page that they come back to.
    pub(super) fn query(&self) -> &str {
        self.url.split_once('?').map_or("", |(_, query)| query)
    }

    /// What the login had found out.
    pub(super) fn found(&self) -> Option<SecretText> {
        self.found.as_deref().map(SecretText::new)
    }

    /// Keeps it under this secret name, for the browser with the session identifier `id`.
    pub(super) async fn keep(&self, issuer: &Issuer, name: &str, id: &str) -> Result<(), StoreError> {
        let transaction = Transaction {
            owner: SecretHash::of(id).digits(),
            about: SecretText::new(serde_json::to_string(self).map_err(StoreError::new)?),
            expires_at: self.begun_at.saturating_add(LIFETIME),
        };
        issuer.store.transactions().begin(KIND, SecretHash::of(name), transaction, self.begun_at).await
    }

    /// The one who comes back by the transaction of this secret name to the browser with the session identifier `id`: once, and within ten
    /// minutes. At another browser it is used up all the same.
    pub(super) async fn back(issuer: &Issuer, name: &str, id: &str) -> Result<Option<Self>, StoreError> {
        let kept = issuer.store.transactions().take(KIND, SecretHash::of(name), issuer.now()).await?;
        let kept = kept.filter(|kept| kept.owner == SecretHash::of(id).digits());
        Ok(kept.and_then(|kept| serde_json::from_str(kept.about.expose()).ok()))
    }
}

/// Which way a person goes. What is kept of each is one of a bounded number, and with a provider each costs it a request, so one stranger takes no
/// place of the people who log in.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// To the other page.
    Out,
    /// Back from it.
    Back,
}

impl Way {
    /// Counts one that goes this way from `address`.
    pub(super) async fn count(
        self,
        issuer: &Issuer,
        address: Option<IpAddr>,
    ) -> Result<Result<(), TooSoon>, StoreError> {
        let way = match self {
            Self::Out => "out",
            Self::Back => "back",
        };
        let counted_as = |network: &str| format!("issuer-login-{way} address {network}");
        RateLimit::of_address(address, issuer.away, counted_as).count(&issuer.store, issuer.now()).await
    }
}
