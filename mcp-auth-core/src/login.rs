//! How long ago, and by what, the person behind a token must have logged in (RFC 9470).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::duration::duration_text;

/// The longest reference, in characters.
const LONGEST: usize = 255;

/// One authentication context class reference (`acr`, OpenID Connect Core 1.0 §2): a name that an issuer gives to a way of logging
/// in, such as `phr`. 1 to 255 printable ASCII characters without space, `"` and `\`: lists of them are separated by spaces, in quotes.
/// A clone shares the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Acr(Arc<str>);

/// A string that is not an authentication context class reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAcr {
    /// The string is empty or too long.
    #[error("an `acr` is 1 to {LONGEST} characters long; this has {0}")]
    Length(usize),
    /// The string has this character.
    #[error("an `acr` cannot contain {0:?}; it is printable ASCII without space, `\"` and `\\`")]
    Character(char),
}

impl Acr {
    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Acr {
    type Err = InvalidAcr;

    fn from_str(text: &str) -> Result<Self, InvalidAcr> {
        if let Some(other) = text.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '"' | '\\')) {
            return Err(InvalidAcr::Character(other));
        }
        match text.len() {
            1..=LONGEST => Ok(Self(text.into())),
            length => Err(InvalidAcr::Length(length)),
        }
    }
}

impl fmt::Display for Acr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is needed of a login: how old it may be, by what it was, or both. By default nothing.
///
/// - Units: whole seconds.
/// - Source: RFC 9470 §3, `max_age` and `acr_values`.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use mcp_auth_core::LoginTerms;
/// let terms = LoginTerms::NONE.within(Duration::from_secs(300)).by_any(vec!["phr".parse().unwrap()]).unwrap();
/// assert_eq!(terms.to_string(), "login 5m, acr phr");
/// assert!(terms.is_recent(1_000, 1_300) && !terms.is_recent(1_000, 1_301));
/// assert!(terms.is_by(["phr"]) && !terms.is_by(["pwd"]));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginTerms {
    max_age: Option<Duration>,
    acr_values: Vec<Acr>,
}

/// No way of logging in is among those that both sides take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no `acr` is in both lists")]
pub struct NoCommonAcr;

impl LoginTerms {
    /// Nothing is needed.
    pub const NONE: Self = Self { max_age: None, acr_values: Vec::new() };

    /// The same, of a login that is not older than this. The shorter of two times counts.
    #[must_use]
    pub fn within(self, max_age: Duration) -> Self {
        Self { max_age: Some(self.max_age.map_or(max_age, |before| before.min(max_age))), ..self }
    }

    /// The same, of a login by one of these, in order of preference. Of two lists those count that are in both; an empty one says
    /// nothing.
    ///
    /// # Errors
    /// [`NoCommonAcr`]: no login would do.
    pub fn by_any(self, others: Vec<Acr>) -> Result<Self, NoCommonAcr> {
        let Self { max_age, acr_values } = self;
        let acr_values = match (acr_values.is_empty(), others.is_empty()) {
            (_, true) => acr_values,
            (true, false) => others,
            (false, false) => {
                let both: Vec<Acr> = acr_values.into_iter().filter(|acr| others.contains(acr)).collect();
                if both.is_empty() {
                    return Err(NoCommonAcr);
                }
                both
            }
        };
        Ok(Self { max_age, acr_values })
    }

    /// How old the login may be.
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    /// By which of these it may be, in order of preference; any, if there are none.
    pub fn acr_values(&self) -> &[Acr] {
        &self.acr_values
    }

    /// Whether nothing is needed.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// Whether a login at `auth_time` is recent enough `now`, both in Unix seconds. One that lies ahead counts as just now.
    pub fn is_recent(&self, auth_time: u64, now: u64) -> bool {
        self.max_age.is_none_or(|most| now.saturating_sub(auth_time) <= most.as_secs())
    }

    /// Whether a login by one of these is of a kind that is taken.
    pub fn is_by<'a>(&self, acr: impl IntoIterator<Item = &'a str>) -> bool {
        self.acr_values.is_empty()
            || acr.into_iter().any(|acr| self.acr_values.iter().any(|taken| taken.as_str() == acr))
    }
}

/// As rules show it: `login 5m, acr phr or mfa`.
impl fmt::Display for LoginTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(max_age) = self.max_age {
            write!(f, "login {}", duration_text(max_age))?;
        }
        for (at, acr) in self.acr_values.iter().enumerate() {
            f.write_str(match (at, self.max_age) {
                (0, None) => "acr ",
                (0, Some(_)) => ", acr ",
                _ => " or ",
            })?;
            f.write_str(acr.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acr(values: &[&str]) -> Vec<Acr> {
        values.iter().map(|value| value.parse().unwrap()).collect()
    }

    #[test]
    fn an_acr_is_a_word_that_fits_into_a_challenge() {
        let longest = "x".repeat(255);
        for ok in ["0", "phr", "urn:mace:incommon:iap:silver", "https://as.example/acr?level=2", &longest] {
            assert_eq!(ok.parse::<Acr>().map(|acr| acr.to_string()), Ok(ok.to_owned()));
        }
        for bad in ["", &"x".repeat(256), "a b", "a\"b", "a\\b", "a\n", "\u{e4}"] {
            assert!(bad.parse::<Acr>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn terms_only_get_narrower() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let terms = LoginTerms::NONE.within(minutes(5)).by_any(acr(&["a", "b"])).unwrap();
        assert_eq!(terms.clone().within(minutes(9)).max_age(), Some(minutes(5)));
        assert_eq!(terms.clone().within(minutes(1)).max_age(), Some(minutes(1)));
        assert_eq!(terms.clone().by_any(acr(&["c", "b"])).unwrap().acr_values(), acr(&["b"]));
        assert_eq!(terms.clone().by_any(Vec::new()).unwrap(), terms);
        assert_eq!(terms.by_any(acr(&["c"])), Err(NoCommonAcr));
        assert!(LoginTerms::NONE.by_any(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn a_login_is_recent_until_the_second_at_which_it_is_that_old() {
        let terms = LoginTerms::NONE.within(Duration::from_secs(10));
        for (auth_time, is_recent) in [(100, true), (90, true), (89, false), (0, false), (101, true)] {
            assert_eq!(terms.is_recent(auth_time, 100), is_recent, "{auth_time}");
        }
        assert!(LoginTerms::NONE.is_recent(0, u64::MAX));
    }

    #[test]
    fn terms_are_written_as_rules_are() {
        let hour = LoginTerms::NONE.within(Duration::from_secs(3600));
        assert_eq!(hour.to_string(), "login 1h");
        assert_eq!(LoginTerms::NONE.by_any(acr(&["a", "b"])).unwrap().to_string(), "acr a or b");
        assert_eq!(hour.by_any(acr(&["a"])).unwrap().to_string(), "login 1h, acr a");
        assert_eq!(LoginTerms::NONE.to_string(), "");
    }
}
