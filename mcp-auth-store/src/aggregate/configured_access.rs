//! What the configuration gives whom, as it was when a server of the store started last. What it gives no more is revoked at the next start.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::revocations::{REVOCATION_MEMORY, Revoked};
use crate::StoreFuture;

/// So many people lose something at once and are revoked one by one. Over this, the access tokens of all people are revoked: every server has
/// to know each entry.
pub(crate) const MOST_PEOPLE: usize = 100;

/// Whose access tokens they are, by what revokes them, and what the configuration gives them. What is given is a word of the issuer, and no
/// secret. What all people are given ([`Revoked::People`]) each person is given.
pub type ConfiguredRights = HashMap<Revoked, BTreeSet<String>>;

/// What the configuration gives somebody no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// The access tokens that were revoked for it.
    pub of: Revoked,
    /// What was given before.
    pub lost: BTreeSet<String>,
}

/// What the configuration gives whom.
pub trait ConfiguredAccess: Send + Sync {
    /// From now on the configuration gives this. Who is given less than before loses the access tokens that were issued until `now`: they are
    /// [revoked](crate::Revocations) in the same step that keeps what is given now, one step for each of them. Returns who lost what. To be given
    /// more revokes nothing, and neither does the first call on a store.
    ///
    /// For as long as access tokens can live each further call revokes once more what was lost, if it is not given again: another process may have
    /// gone on meanwhile with the configuration of before. If more than a hundred people lose something at once, the tokens of all people are
    /// revoked instead.
    fn configure(&self, rights: ConfiguredRights, now: u64) -> StoreFuture<'_, Vec<Withdrawn>>;
}

/// What is kept of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Configured {
    pub(crate) of: Revoked,
    /// What the configuration gives.
    pub(crate) rights: BTreeSet<String>,
    /// What it gave before, and took away a short time ago.
    pub(crate) lost: BTreeSet<String>,
    /// When, in Unix seconds.
    pub(crate) lost_at: Option<u64>,
}

/// What becomes of one of them.
pub(crate) struct Reconfigured {
    /// What is kept; `None`: nothing.
    pub(crate) kept: Option<Configured>,
    /// What the access tokens are revoked for.
    pub(crate) lost: BTreeSet<String>,
}

impl Configured {
    /// What becomes of what was kept of `of`, when the configuration gives `rights`.
    pub(crate) fn next(
        before: Option<&Self>,
        of: &Revoked,
        (rights, of_people): (&BTreeSet<String>, &BTreeSet<String>),
        now: u64,
    ) -> Reconfigured {
        let is_given = |right: &&String| {
            rights.contains(*right) || matches!(of, Revoked::Person(_)) && of_people.contains(*right)
        };
        let new = |lost: BTreeSet<String>, lost_at| {
            let lost_at = if lost.is_empty() { None } else { lost_at };
            let kept = Self { of: of.clone(), rights: rights.clone(), lost, lost_at };
            (!kept.is_nothing()).then_some(kept)
        };
        let Some(before) = before else {
            return Reconfigured { kept: new(BTreeSet::new(), None), lost: BTreeSet::new() };
        };
        let lost_now: BTreeSet<_> = before.rights.iter().filter(|right| !is_given(right)).cloned().collect();
        let lost_before = before.lost_at.filter(|at| at.saturating_add(REVOCATION_MEMORY) > now);
        let still_lost =
            before.lost.iter().filter(|right| lost_before.is_some() && !is_given(right)).cloned();
        let lost: BTreeSet<_> = lost_now.iter().cloned().chain(still_lost).collect();
        // A start alone does not make it last longer.
        let lost_at = if lost_now.is_empty() { lost_before } else { Some(now) };
        Reconfigured { kept: new(lost.clone(), lost_at), lost }
    }

    fn is_nothing(&self) -> bool {
        self.rights.is_empty() && self.lost.is_empty()
    }

    /// When it is forgotten: what is given, never.
    #[cfg(feature = "durable")]
    pub(crate) fn until(&self) -> u64 {
        match self.lost_at {
            Some(at) if self.rights.is_empty() => at.saturating_add(REVOCATION_MEMORY),
            Some(_) | None => u64::MAX,
        }
    }
}

/// The programs among `holders`: what a client gets for itself is named by `sub` as that of a person is, and is not of all people.
pub(crate) fn programs<'a>(holders: impl Iterator<Item = &'a Revoked>) -> BTreeSet<String> {
    let client = |of: &Revoked| match of {
        Revoked::Client(id) => Some(id.clone()),
        _ => None,
    };
    holders.filter_map(client).collect()
}

/// Whether this is a person, and not one of these programs.
pub(crate) fn is_person(of: &Revoked, programs: &BTreeSet<String>) -> bool {
    matches!(of, Revoked::Person(subject) if !programs.contains(subject))
}

/// Whether the access tokens of all people are revoked, and not those of each of these.
pub(crate) fn are_too_many<'a>(
    losers: impl Iterator<Item = &'a Revoked>,
    programs: &BTreeSet<String>,
) -> bool {
    losers.filter(|of| is_person(of, programs)).count() > MOST_PEOPLE
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDER: fn() -> Revoked = || Revoked::Person("ann".to_owned());

    fn next(before: Option<&Configured>, rights: &[&str], now: u64) -> (Option<Configured>, Vec<String>) {
        let rights = rights.iter().map(|right| (*right).to_owned()).collect();
        let Reconfigured { kept, lost } =
            Configured::next(before, &HOLDER(), (&rights, &BTreeSet::new()), now);
        (kept, lost.into_iter().collect())
    }

    #[test]
    fn what_is_lost_is_lost_again_at_each_start_until_tokens_of_before_have_expired() {
        let (first, lost) = next(None, &["a", "b"], 100);
        assert!(lost.is_empty());
        let (second, lost) = next(first.as_ref(), &["a"], 200);
        assert_eq!(lost, ["b"]);
        let (third, lost) = next(second.as_ref(), &["a"], 200 + REVOCATION_MEMORY - 1);
        assert_eq!((lost, &third), (vec!["b".to_owned()], &second), "the time counts from the loss");
        let (fourth, lost) = next(third.as_ref(), &["a"], 200 + REVOCATION_MEMORY);
        assert!(lost.is_empty() && fourth.as_ref().is_some_and(|kept| kept.lost.is_empty()));
        assert_eq!(next(fourth.as_ref(), &["a"], 9999).0, fourth);
    }

    #[test]
    fn what_is_given_again_is_not_lost_and_what_is_lost_anew_begins_the_time_anew() {
        let (all, _) = next(None, &["a", "b"], 100);
        let (none, lost) = next(all.as_ref(), &[], 200);
        assert_eq!(lost, ["a", "b"]);
        let (half, lost) = next(none.as_ref(), &["a"], 300);
        assert_eq!(lost, ["b"], "the rest is lost still");
        assert_eq!(half.as_ref().and_then(|kept| kept.lost_at), Some(200));
        let (again, lost) = next(half.as_ref(), &["a", "b"], 400);
        assert!(lost.is_empty());
        let (gone, lost) = next(again.as_ref(), &["b"], 500);
        assert_eq!((lost, gone.and_then(|kept| kept.lost_at)), (vec!["a".to_owned()], Some(500)));
    }

    #[test]
    fn of_one_who_has_lost_all_nothing_is_kept_in_the_end() {
        let (all, _) = next(None, &["a"], 100);
        let (none, _) = next(all.as_ref(), &[], 200);
        assert!(none.is_some());
        let (in_the_end, lost) = next(none.as_ref(), &[], 200 + REVOCATION_MEMORY);
        assert!(in_the_end.is_none() && lost.is_empty());
        assert!(next(None, &[], 100).0.is_none());
    }
}
