//! Whose sentence a refusal gets: only one provider may be meant.

use super::glimpse::{Glimpse, Kind};
use super::hint::{Hint, Sign};
use crate::authn::error::TokenError;

/// The issuers that a credential could be of, and what is known of their providers.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    issuers: Vec<Hinted>,
    /// Those of providers that need not be configured: their tokens say by themselves whose they are.
    elsewhere: Vec<&'static Hint>,
}

/// One issuer.
#[derive(Debug)]
pub(crate) struct Hinted {
    /// What `iss` of its tokens may say.
    pub(crate) names: Vec<String>,
    /// What those tokens begin with about which it is asked; empty: anything. `None` where it is asked about none.
    pub(crate) asked: Option<Vec<String>>,
    /// What is known of its provider; empty of one that is not named.
    pub(crate) hints: &'static [Hint],
}

impl Hints {
    /// For a server that trusts these issuers; `known` is what is known of any provider.
    pub(crate) fn new(issuers: Vec<Hinted>, known: impl IntoIterator<Item = &'static Hint>) -> Self {
        let of_anyone = |hint: &&Hint| matches!(hint.when, Sign::Begins(_));
        Self { issuers, elsewhere: known.into_iter().filter(of_anyone).collect() }
    }

    /// What the refusal of `presented` for `error` most often means.
    pub(crate) fn of(&self, presented: &str, error: &TokenError) -> Option<&'static str> {
        if self.issuers.is_empty() {
            return None;
        }
        let seen = Glimpse::of(presented)?;
        let shown = |hint: &&Hint| hint.when.is_shown(error, &seen);
        if let Some(own) = self.owner(&seen, error) {
            return own.hints.iter().find(shown).map(|hint| hint.says);
        }
        let known = self.issuers.iter().flat_map(|issuer| issuer.hints);
        let mut telling = known.chain(self.elsewhere.iter().copied()).filter(|hint| hint.when.is_telling());
        if let Some(first) = telling.find(shown) {
            return telling.filter(shown).all(|other| other.says == first.says).then_some(first.says);
        }
        // It could be of any of them, so all must be of one provider.
        let first = self.issuers.first()?;
        let is_the_same = |other: &Hinted| std::ptr::eq(first.hints, other.hints);
        let is_one = self.issuers.iter().all(is_the_same);
        first.hints.iter().filter(|_| is_one).find(shown).map(|hint| hint.says)
    }

    /// The one issuer that the credential is of: it says so, or the issuer was asked about it.
    fn owner(&self, seen: &Glimpse<'_>, error: &TokenError) -> Option<&Hinted> {
        if let Some(iss) = seen.issuer() {
            return self.issuers.iter().find(|issuer| issuer.names.iter().any(|name| name == iss));
        }
        let was_asked =
            seen.kind == Kind::Opaque && !matches!(error, TokenError::Malformed(_) | TokenError::Unclaimed);
        let is_of = |issuer: &&Hinted| {
            issuer
                .asked
                .as_ref()
                .is_some_and(|starts| starts.is_empty() || starts.iter().any(|start| seen.begins(start)))
        };
        self.issuers.iter().find(|issuer| was_asked && is_of(issuer))
    }
}
