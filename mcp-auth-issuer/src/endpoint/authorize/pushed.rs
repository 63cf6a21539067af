//! Requests that a client pushed (RFC 9126), from the push until their code is issued.
//!
//! A request has to be opened in a browser within [`EXPIRES_IN`]; so long a stranger who saw its name could begin with it. Once it is open,
//! the person has [`OPEN_FOR`] to log in and to decide, over as many pages and reloads as that takes. The code is issued once.

use mcp_auth_core::SecretText;
use mcp_auth_store::{SecretHash, StoreError, Transaction};

use crate::issuer::Issuer;
use crate::request::Params;
use crate::secret::secret;

/// How long a request can be opened after it was pushed, in seconds.
pub(in crate::endpoint) const EXPIRES_IN: u64 = 90;
/// How long its pages can be open, in seconds.
pub(super) const OPEN_FOR: u64 = 30 * 60;
/// What every name of such a request begins with (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// The kind of the transaction that holds the request.
const KEPT: &str = "pushed-request";
/// The kind of the transaction that says that it was opened in time. It holds nothing, so that to open it takes nothing back that was done
/// with the request meanwhile.
const OPENED: &str = "opened-request";

/// What a request is kept under.
#[derive(Debug, Clone, Copy)]
pub(in crate::endpoint) struct Pushed(SecretHash);

/// A request that was pushed.
pub(in crate::endpoint) struct PushedRequest {
    pub(super) pushed: Pushed,
    pub(super) params: Params,
}

impl Pushed {
    /// The one that a `request_uri` names; `None` for any that was not made here.
    pub(super) fn named(request_uri: &str) -> Option<Self> {
        request_uri.strip_prefix(PREFIX).map(|name| Self(SecretHash::of(name)))
    }

    /// Keeps `params`, which this client sent and which were found to be good; returns the `request_uri`.
    pub(in crate::endpoint) async fn keep(
        issuer: &Issuer,
        client_id: &str,
        params: &Params,
    ) -> Result<String, StoreError> {
        let (name, now) = (secret(&*issuer.ambient.random), issuer.now());
        let transaction = Transaction {
            owner: client_id.to_owned(),
            about: SecretText::new(format!("{} {}", now.saturating_add(EXPIRES_IN), params.canonical())),
            expires_at: now.saturating_add(EXPIRES_IN + OPEN_FOR),
        };
        issuer.store.transactions().begin(KEPT, SecretHash::of(&name), transaction, now).await?;
        Ok(format!("{PREFIX}{name}"))
    }

    /// What was kept, if it is this client's, was not used, and was opened in time or is now.
    pub(super) async fn find(&self, issuer: &Issuer, client_id: &str) -> Result<Option<Params>, StoreError> {
        let (transactions, now) = (issuer.store.transactions(), issuer.now());
        let kept = transactions.find(KEPT, self.0, now).await?.filter(|kept| kept.owner == client_id);
        let Some(kept) = kept else { return Ok(None) };
        let about = kept.about.expose().split_once(' ');
        let Some((open_until, params)) =
            about.and_then(|(until, params)| Some((until.parse::<u64>().ok()?, params)))
        else {
            return Err(StoreError::new("a pushed request that cannot be read"));
        };
        if transactions.find(OPENED, self.0, now).await?.is_none() {
            if now >= open_until {
                return Ok(None);
            }
            let opened = Transaction { about: SecretText::new(""), ..kept.clone() };
            transactions.begin(OPENED, self.0, opened, now).await?;
        }
        Params::parse(params).map(Some).map_err(StoreError::new)
    }

    /// Uses it. Returns whether it was there to be used.
    pub(super) async fn take(&self, issuer: &Issuer) -> Result<bool, StoreError> {
        Ok(issuer.store.transactions().take(KEPT, self.0, issuer.now()).await?.is_some())
    }
}
