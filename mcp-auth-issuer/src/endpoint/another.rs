//! "Use another account": who logged out at a browser is asked by the provider which account they want. It would let the same person in again without a
//! question.

use mcp_auth_core::SecretText;
use mcp_auth_store::{SecretHash, StoreError, Transaction};

use crate::issuer::Issuer;

/// The kind of the transaction.
const KIND: &str = "another-account";
/// How long somebody who logged out is asked so, in seconds, unless they log in before.
const LIFETIME: u64 = 30 * 60;

/// Who logs in next at the browser with the session identifier `id` is asked so. A login gives the browser another identifier.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn want(issuer: &Issuer, id: &str) -> Result<(), StoreError> {
    if issuer.login.upstream().is_none() {
        return Ok(());
    }
    let (browser, now) = (SecretHash::of(id), issuer.now());
    let transaction = Transaction {
        owner: browser.digits(),
        about: SecretText::new(""),
        expires_at: now.saturating_add(LIFETIME),
    };
    issuer.store.transactions().begin(KIND, browser, transaction, now).await
}

/// Whether the person at this browser is asked so.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn is_wanted(issuer: &Issuer, id: &str) -> Result<bool, StoreError> {
    if issuer.login.upstream().is_none() {
        return Ok(false);
    }
    Ok(issuer.store.transactions().find(KIND, SecretHash::of(id), issuer.now()).await?.is_some())
}

/// The provider answered with an error: it may not know this question, and nobody is asked so once more. Returns whether the person was.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn give_up(issuer: &Issuer, id: &str) -> Result<bool, StoreError> {
    Ok(issuer.store.transactions().take(KIND, SecretHash::of(id), issuer.now()).await?.is_some())
}
