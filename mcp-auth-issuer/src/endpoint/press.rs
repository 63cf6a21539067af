//! A press of "Allow" by a person who goes to a provider then: it counts when they come back, unless it was taken back meanwhile.
//!
//! What they take back at `/account`, what an operator ends, and what ends with a client is revoked, and that says it at every browser. Who says no
//! at the same browser, or logs out there, takes away the mark of all that was pressed there.

use mcp_auth_core::SecretText;
use mcp_auth_store::{KnownRevocations, Revocable, SecretHash, StoreError, Transaction};
use serde::{Deserialize, Serialize};

use super::away;
use crate::issuer::Issuer;
use crate::secret::identifier;

/// The kind of the transaction that keeps the mark of a browser.
const KIND: &str = "press";
/// How long a mark is kept, in seconds. One that would end before a person has to be back is replaced.
const LIFETIME: u64 = 2 * away::LIFETIME;

/// A press.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Press {
    /// When it was, in Unix seconds.
    at: u64,
    /// The mark of its browser then.
    mark: String,
    /// What had been revoked by then of what it allows.
    known: KnownRevocations,
}

impl Press {
    /// A press at the browser with the session identifier `id`, by the person `subject`, for the client `client_id`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn now(
        issuer: &Issuer,
        id: &str,
        (subject, client_id): (&str, &str),
    ) -> Result<Self, StoreError> {
        let at = issuer.now();
        let known = issuer.store.revocations().board().known(revocable((subject, client_id), at));
        Ok(Self { at, mark: mark(issuer, id).await?, known })
    }

    /// Whether it still counts for this person and client, at this browser.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn counts(
        &self,
        issuer: &Issuer,
        id: &str,
        of: (&str, &str),
    ) -> Result<bool, StoreError> {
        let kept = issuer.store.transactions().find(KIND, SecretHash::of(id), issuer.now()).await?;
        if kept.is_none_or(|kept| kept.about.expose() != self.mark) {
            return Ok(false);
        }
        let pressed = Revocable { known: self.known, ..revocable(of, self.at) };
        Ok(!issuer.store.revocations().is_revoked(pressed).await?)
    }
}

/// Nothing that was pressed at the browser with the session identifier `id` counts any more.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn end_presses(issuer: &Issuer, id: &str) -> Result<(), StoreError> {
    issuer.store.transactions().take(KIND, SecretHash::of(id), issuer.now()).await.map(drop)
}

/// The mark of this browser. It is never written again, or what was ended in the meantime would count.
async fn mark(issuer: &Issuer, id: &str) -> Result<String, StoreError> {
    let (transactions, now) = (issuer.store.transactions(), issuer.now());
    let browser = SecretHash::of(id);
    if let Some(kept) = transactions.find(KIND, browser, now.saturating_add(away::LIFETIME)).await? {
        return Ok(kept.about.expose().to_owned());
    }
    let mark = identifier(&*issuer.ambient.random);
    let transaction = Transaction {
        owner: browser.digits(),
        about: SecretText::new(mark.clone()),
        expires_at: now.saturating_add(LIFETIME),
    };
    transactions.begin(KIND, browser, transaction, now).await?;
    Ok(mark)
}

/// What the press allows is revoked as a token would be.
fn revocable<'a>((subject, client_id): (&'a str, &'a str), at: u64) -> Revocable<'a> {
    Revocable {
        grant_id: None,
        jti: None,
        subject,
        client_id: Some(client_id),
        granted_to: None,
        iat: at,
        known: KnownRevocations::default(),
        has_login: true,
    }
}
