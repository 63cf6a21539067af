//! How often a client secret may be wrong (RFC 6749 §2.3.1: brute force attacks have to be prevented).
//!
//! It is counted by client and address, never by client alone: strangers would lock the client out. An address that the server does not know
//! is that of everybody, so nothing is counted then; secrets have at least sixteen characters.

use std::net::IpAddr;

use mcp_auth_store::{Client, ClientCredential};

use super::Refusal;
use crate::issuer::Issuer;
use crate::rate_limit::RateLimit;

/// A secret that was sent, as it is counted if it is wrong.
pub(super) struct Guess(RateLimit);

impl Guess {
    /// A secret that came from this address for this client. Those for clients that do not exist, or have no secret, are counted together: there
    /// is no end to such names.
    pub(super) fn of(issuer: &Issuer, client: Option<&Client>, from: Option<IpAddr>) -> Option<Self> {
        let from = Some(from?);
        let counted_as = |network: &str| match client {
            Some(Client { id, credential: ClientCredential::Secret(_), .. }) => {
                format!("issuer-client-secrets {network} {id}")
            }
            Some(_) | None => format!("issuer-client-secrets {network}"),
        };
        Some(Self(RateLimit::of_address(from, issuer.client_secrets, counted_as)))
    }

    /// Asked before the secret is looked at, so that a right one tells nothing either to who has guessed too often.
    ///
    /// # Errors
    /// [`Refusal::TooOften`], [`Refusal::Store`].
    pub(super) async fn may_be_made(&self, issuer: &Issuer) -> Result<(), Refusal> {
        Ok(self.0.look(&issuer.store, issuer.now()).await??)
    }

    /// Counts it.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub(super) async fn was_wrong(&self, issuer: &Issuer) -> Result<(), Refusal> {
        let _ = self.0.count(&issuer.store, issuer.now()).await?;
        Ok(())
    }
}
