//! How often a client secret may be wrong (RFC 6749 §2.3.1: brute force attacks have to be prevented).
//!
//! It is counted by client and address, never by client alone: strangers would lock the client out. An address that the server does not know
//! is that of everybody, so nothing is counted then; secrets have at least sixteen characters.

use std::net::IpAddr;

use mcp_auth_store::{Client, ClientCredential};

use super::Refusal;
use crate::issuer::Issuer;
use crate::rate_limit::RateLimit;
use crate::request::address::place;

/// A secret that was sent, as it is counted if it is wrong.
pub(super) struct Guess(String);

impl Guess {
    /// A secret that came from this address for this client. Those for clients that do not exist, or have no secret, are counted together: there
    /// is no end to such names.
    pub(super) fn of(client: Option<&Client>, from: Option<IpAddr>) -> Option<Self> {
        let place = place(Some(from?));
        Some(Self(match client {
            Some(Client { id, credential: ClientCredential::Secret(_), .. }) => {
                format!("issuer-client-secrets {place} {id}")
            }
            Some(_) | None => format!("issuer-client-secrets {place}"),
        }))
    }

    /// Asked before the secret is looked at, so that a right one tells nothing either to who has guessed too often.
    ///
    /// # Errors
    /// [`Refusal::TooOften`], [`Refusal::Store`].
    pub(super) async fn may_be_made(&self, issuer: &Issuer) -> Result<(), Refusal> {
        let limit = RateLimit::of(&*self.0, issuer.client_secrets);
        Ok(limit.look(&issuer.store, issuer.now()).await??)
    }

    /// Counts it.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub(super) async fn was_wrong(&self, issuer: &Issuer) -> Result<(), Refusal> {
        let limit = RateLimit::of(&*self.0, issuer.client_secrets);
        let _ = limit.count(&issuer.store, issuer.now()).await?;
        Ok(())
    }
}
