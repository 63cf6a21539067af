//! What a provider that people log in at, or connect accounts at, gave for a person: its tokens, and what it said of them. It is renewed by one process at a time.

use std::collections::BTreeSet;
use std::fmt;

use mcp_auth_core::{ScopeSet, SecretText};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{SecretHash, StoreFuture};

/// A person, and the provider that they are connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection<'a> {
    /// The person: the `sub` of their tokens.
    pub subject: &'a str,
    /// The name of the provider in the configuration.
    pub upstream: &'a str,
}

/// An account at a provider that a person connected, who does not log in with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectedAccount {
    /// What would be the `sub` of a person who logs in with it.
    pub subject: String,
    /// Its name, as the provider says it: free text at most providers.
    pub name: Option<String>,
    /// By what the provider tells it from others, as people read it.
    pub known_as: Option<String>,
    /// At which login the person was who connected it: at another one, somebody else may have their name.
    pub login: String,
}

/// What a provider gave for a person. Its tokens go to nobody but that provider. A backend that lasts encrypts all that
/// says something of the person.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct UpstreamGrant {
    /// The provider, by its issuer identifier: what it gave is of no use at another one of the same name in the configuration, and goes to none.
    pub provider: String,
    /// The account, where the person connected it; else they log in with it.
    pub account: Option<ConnectedAccount>,
    /// The access token, unless it [is over](Self::is_over).
    pub access_token: Option<SecretText>,
    /// When the access token ends, in Unix seconds, if the provider said it.
    pub access_expires_at: Option<u64>,
    /// The refresh token, if the provider gave one.
    pub refresh_token: Option<SecretText>,
    /// The nonce of the login that the refresh token came of (OpenID Connect Core 1.0 §12.2).
    pub nonce: Option<SecretText>,
    /// The scopes of the access token.
    pub scopes: ScopeSet,
    /// What the provider said of the person last, as far as tokens say it too.
    pub claims: Map<String, Value>,
    /// What let the person in when the provider said so, a word for each rule that the issuer reads again under another configuration.
    pub let_in_by: BTreeSet<String>,
    /// When the provider said so last, in Unix seconds.
    pub seen_at: u64,
    /// Whether the provider ended it, or the person is not let in any more: they have to log in again. No token is kept of it.
    pub is_over: bool,
}

impl UpstreamGrant {
    /// What is left of one that is over, as the provider said at `now`.
    pub fn over(&self, now: u64) -> Self {
        let (provider, account) = (self.provider.clone(), self.account.clone());
        Self { is_over: true, seen_at: now, provider, account, ..Self::default() }
    }

    /// Whether the refresh token of `before` stays when a login gives this: a provider may give one only once for each account.
    pub(crate) fn goes_on_from(&self, before: &Self) -> bool {
        let of = |grant: &'_ Self| {
            let account =
                grant.account.as_ref().map(|account| (account.subject.clone(), account.login.clone()));
            (grant.provider.clone(), account)
        };
        self.refresh_token.is_none() && !before.is_over && of(self) == of(before)
    }

    /// What becomes of `before` at a new login that gave this.
    pub(crate) fn after(self, before: Option<&Self>) -> Self {
        match before.filter(|before| self.goes_on_from(before)) {
            Some(before) => {
                Self { refresh_token: before.refresh_token.clone(), nonce: before.nonce.clone(), ..self }
            }
            None => self,
        }
    }
}

/// Without tokens, and without what is known of the person.
impl fmt::Debug for UpstreamGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamGrant")
            .field("access_token", &self.access_token)
            .field("access_expires_at", &self.access_expires_at)
            .field("refresh_token", &self.refresh_token)
            .field("scopes", &self.scopes)
            .field("seen_at", &self.seen_at)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

/// The right to renew what a provider gave. Who has it asks the provider; all others wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Who has it: the hash of a random name.
    pub holder: SecretHash,
    /// When another one may take it, in Unix seconds.
    pub until: u64,
}

/// What becomes of who wants to renew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leased {
    /// They have the right, and this is what is to be renewed.
    Taken(Box<UpstreamGrant>),
    /// Another one has it.
    Held,
    /// There is nothing to renew.
    Absent,
}

/// What providers gave for people: one for each person and provider.
pub trait UpstreamGrants: Send + Sync {
    /// Keeps until `until` (Unix seconds) what a login gave, instead of what was kept. Where the login gave no refresh token, the one of before stays
    /// if it is of the same account, with the lease on it; else whoever has the lease has it no more.
    fn keep<'a>(
        &'a self,
        of: Connection<'a>,
        grant: UpstreamGrant,
        until: u64,
        now: u64,
    ) -> StoreFuture<'a, ()>;

    /// What is kept, if it has not ended at `now`.
    fn find<'a>(&'a self, of: Connection<'a>, now: u64) -> StoreFuture<'a, Option<UpstreamGrant>>;

    /// Takes the right to renew it, unless another holder has it at `now`. Of many who take it at once, one gets it.
    fn lease<'a>(&'a self, of: Connection<'a>, lease: Lease, now: u64) -> StoreFuture<'a, Leased>;

    /// Writes what was renewed, if `holder` has the lease: nobody took it since, also where its time is over, and no login gave something new.
    /// Returns whether it was written. The lease goes on.
    fn renew<'a>(
        &'a self,
        of: Connection<'a>,
        holder: SecretHash,
        grant: UpstreamGrant,
        now: u64,
    ) -> StoreFuture<'a, bool>;

    /// The same, and gives the lease back.
    fn release<'a>(
        &'a self,
        of: Connection<'a>,
        holder: SecretHash,
        grant: UpstreamGrant,
        now: u64,
    ) -> StoreFuture<'a, bool>;

    /// Removes what is kept of a person and one provider.
    fn forget<'a>(&'a self, of: Connection<'a>, now: u64) -> StoreFuture<'a, ()>;

    /// Removes what is kept of a person, of all providers.
    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_person_shows_no_token_and_no_claim() {
        let grant = UpstreamGrant {
            access_token: Some(SecretText::new("an access token")),
            refresh_token: Some(SecretText::new("a refresh token")),
            nonce: Some(SecretText::new("a nonce")),
            claims: [("email".to_owned(), "ann@example.com".into())].into_iter().collect(),
            let_in_by: ["group of ann@example.com".to_owned()].into(),
            ..UpstreamGrant::default()
        };
        let shown = format!("{grant:?}");
        for hidden in ["access token", "refresh token", "nonce", "ann@"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
