//! What one client was told, and what it does not know because the answer was cut off.

use std::collections::HashMap;

use crate::issuer::Given;

/// A refresh token that was given and not used.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) token: String,
    /// What was used up on the way here: the code at first, then each refresh token.
    pub(super) spent: Vec<Presented>,
}

/// What is presented at the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Presented {
    Code(String),
    Refresh(String),
}

/// A request whose answer did not come.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    pub(super) presented: Presented,
    /// Whether a second use must give the same successor again: it was sent with a grace, once.
    pub(super) repeats: bool,
}

/// What is wrong: the reason to look at all this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It was acknowledged, and is not there.
    Lost,
    /// It gave two different successes.
    SpentTwice,
    /// It had ended, and works again.
    Revived,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lost => "was acknowledged and is lost",
            Self::SpentTwice => "was spent twice",
            Self::Revived => "had ended and works again",
        })
    }
}

/// Of one client.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Codes that were given and not used.
    pub(super) codes: Vec<String>,
    pub(super) grants: Vec<Held>,
    pub(super) cut: Vec<Cut>,
    /// What has ended, so that every use has to be refused.
    pub(super) ended: Vec<Presented>,
    /// The refresh token that each success gave, by what was presented.
    given: HashMap<Presented, String>,
    pub(super) counts: Counts,
}

/// How much happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Codes, tokens and revocations that were acknowledged.
    pub(super) acknowledged: u64,
    /// Requests that were cut off; of these, those that had been done, and those that had not.
    pub(super) cut: u64,
    pub(super) cut_done: u64,
    pub(super) cut_not_done: u64,
    /// What was acknowledged before a kill and found after it.
    pub(super) found: u64,
    /// Uses of what was used up or had ended, all of them refused.
    pub(super) refused: u64,
    /// What was presented twice at the same moment.
    pub(super) races: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.cut += other.cut;
        self.cut_done += other.cut_done;
        self.cut_not_done += other.cut_not_done;
        self.found += other.found;
        self.refused += other.refused;
        self.races += other.races;
    }
}

impl Ledger {
    /// Keeps what the token endpoint said of `presented`: the refresh token, if it gave one.
    ///
    /// # Errors
    /// It gave another one before; or any one, unless a second use `repeats` the first.
    pub(super) fn keep(
        &mut self,
        presented: &Presented,
        given: Given,
        repeats: bool,
    ) -> Result<Option<String>, Wrong> {
        let Given::Tokens { refresh, .. } = given else { return Ok(None) };
        self.counts.acknowledged += 1;
        match self.given.insert(presented.clone(), refresh.clone()) {
            Some(before) if before != refresh || !repeats => Err(Wrong::SpentTwice),
            Some(_) | None => Ok(Some(refresh)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(refresh: &str) -> Given {
        Given::Tokens { access: "a".to_owned(), refresh: refresh.to_owned() }
    }

    #[test]
    fn two_successes_of_one_token_are_found_unless_the_second_repeats_the_first() {
        let presented = Presented::Refresh("1".to_owned());
        for (second, repeats, wrong) in [
            ("2", false, Err(Wrong::SpentTwice)),
            ("2", true, Ok(Some("2".to_owned()))),
            ("3", true, Err(Wrong::SpentTwice)),
        ] {
            let mut ledger = Ledger::default();
            assert_eq!(ledger.keep(&presented, tokens("2"), repeats), Ok(Some("2".to_owned())));
            assert_eq!(ledger.keep(&presented, Given::Refused, repeats), Ok(None));
            assert_eq!(ledger.keep(&presented, tokens(second), repeats), wrong, "{second} {repeats}");
        }
    }

    #[test]
    fn the_same_text_as_code_and_as_token_is_not_the_same() {
        let mut ledger = Ledger::default();
        ledger.keep(&Presented::Code("1".to_owned()), tokens("2"), false).unwrap();
        ledger.keep(&Presented::Refresh("1".to_owned()), tokens("3"), false).unwrap();
    }
}
