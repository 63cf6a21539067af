//! Calls that wait for their person, who answers on a page of the issuer: they confirm the call, or connect an account that it needs.

use serde::{Deserialize, Serialize};

use crate::{SecretHash, StoreFuture};

/// The most calls of one person that wait at once to be confirmed, and the most that wait for an account.
pub const MOST_WAITING: usize = 16;

/// A call that waits for its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The person who may answer: the `sub` of the token that it came with.
    pub subject: String,
    /// The client that called, if the token says.
    pub client_id: Option<String>,
    /// The tool that is called.
    pub tool: String,
    /// The provider at which they connect an account first, by its name in the configuration; without it they confirm the call.
    pub connects: Option<String>,
    /// The arguments, as the page shows them. A backend that writes to a disk encrypts them.
    pub arguments: String,
    /// When it waits no longer, in Unix seconds.
    pub expires_at: u64,
}

/// What was answered to a [`Confirmation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Its person allowed it, or connected the account.
    Allowed,
    /// Its person denied it.
    Denied,
    /// Another person logged in to answer, which ends it.
    Foreign,
}

/// What a call finds that asks for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// This was answered, and is used up now.
    Answered(Answer),
    /// Nothing was answered yet.
    Waiting,
    /// It is unknown, it waited too long, or its answer was used up before.
    Gone,
}

/// The calls that wait, by the hash of the secret in the URL of their page.
pub trait Confirmations: Send + Sync {
    /// Keeps a call that waits; `false` where [`MOST_WAITING`] of its person wait for the same already, so that one person does not push out the
    /// calls of others.
    fn ask(&self, id: SecretHash, confirmation: Confirmation, now: u64) -> StoreFuture<'_, bool>;

    /// The call that waits under `id`. One that was answered waits no longer.
    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Confirmation>>;

    /// Answers a call that waits: `true` for the first answer, `false` for each later one, and where nothing waits. If many
    /// answer at once, exactly one of them gets `true`.
    fn answer(&self, id: SecretHash, answer: Answer, now: u64) -> StoreFuture<'_, bool>;

    /// Takes the answer, once. If many take it at once, exactly one of them gets it.
    fn take(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Taken>;

    /// Removes the calls that wait for a person.
    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
