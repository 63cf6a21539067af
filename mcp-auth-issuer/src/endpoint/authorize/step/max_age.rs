//! `max_age`: how old the login may be, in seconds (OpenID Connect Core 1.0 §3.1.2.1, RFC 9470 §4).

use super::super::refusal::Refused;
use crate::request::Params;

/// The most digits of an age: over 30 years.
const MOST_DIGITS: usize = 9;

/// Reads it.
///
/// # Errors
/// [`Refused::MaxAge`] for what is not a number of seconds.
pub(in super::super) fn read(params: &Params) -> Result<Option<u64>, Refused> {
    let is_number = |text: &str| {
        (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    match params.get("max_age") {
        None => Ok(None),
        Some(text) if is_number(text) => Ok(text.parse().ok()),
        Some(_) => Err(Refused::MaxAge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_whole_seconds() {
        let max_age = |query: &str| read(&Params::parse(query).unwrap());
        assert_eq!(max_age("").unwrap(), None);
        assert_eq!(max_age("max_age=0").unwrap(), Some(0));
        assert_eq!(max_age("max_age=300").unwrap(), Some(300));
        for age in ["-1", "1.5", "5m", "%2B5", "9999999999", "1e3", "\u{665}"] {
            assert!(matches!(max_age(&format!("max_age={age}")), Err(Refused::MaxAge)), "{age}");
        }
    }
}
