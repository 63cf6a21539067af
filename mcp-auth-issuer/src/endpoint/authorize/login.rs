//! Which login an authorization request asks for: how old it may be (`max_age`), or a new one (`prompt=login`).

use mcp_auth_store::{Browser, SecretHash};

use super::refusal::Refused;
use crate::request::Params;

/// The most digits of an age: over 30 years.
const MOST_DIGITS: usize = 9;

/// Which login a request asks for.
///
/// - Source: OpenID Connect Core 1.0 §3.1.2.1, `max_age` and `prompt`; RFC 9470 §4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoginAsked {
    /// The person logs in for this request, whatever they did before.
    again: bool,
    /// How old the login may be, in seconds.
    max_age: Option<u64>,
}

impl LoginAsked {
    /// Reads it from the request.
    ///
    /// # Errors
    /// [`Refused::Prompt`] for `none` beside something else, [`Refused::MaxAge`] for what is not a number of seconds.
    pub(super) fn read(params: &Params) -> Result<Self, Refused> {
        let prompt: Vec<&str> = params.get("prompt").unwrap_or_default().split(' ').collect();
        if prompt.len() > 1 && prompt.contains(&"none") {
            return Err(Refused::Prompt);
        }
        let is_number = |text: &str| {
            (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let max_age = match params.get("max_age") {
            None => None,
            Some(text) if is_number(text) => text.parse().ok(),
            Some(_) => return Err(Refused::MaxAge),
        };
        Ok(Self { again: prompt.contains(&"login"), max_age })
    }

    /// Whether the login of this browser will do for the request of this hash `now`, in Unix seconds. A login on the page of the
    /// request itself does, however long the person then looks at the next page: the token says when it was.
    pub(super) fn is_met_by(self, browser: &Browser, request: SecretHash, now: u64) -> bool {
        let is_recent =
            self.max_age.is_none_or(|most| now.saturating_sub(browser.authentication.auth_time) <= most);
        browser.logged_in_for == request || (!self.again && self.max_age != Some(0) && is_recent)
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_store::Authentication;

    use super::*;

    fn asked(query: &str) -> Result<LoginAsked, Refused> {
        LoginAsked::read(&Params::parse(query).unwrap())
    }

    #[test]
    fn an_age_is_whole_seconds_and_none_stands_alone() {
        for (query, again, max_age) in [
            ("", false, None),
            ("prompt=consent", false, None),
            ("prompt=login", true, None),
            ("prompt=consent+login", true, None),
            ("prompt=none", false, None),
            ("max_age=0", false, Some(0)),
            ("max_age=300&prompt=login", true, Some(300)),
        ] {
            assert_eq!(asked(query).unwrap(), LoginAsked { again, max_age }, "{query}");
        }
        for age in ["-1", "1.5", "5m", "+5", "9999999999", "1e3", "\u{665}"] {
            assert!(matches!(asked(&format!("max_age={age}")), Err(Refused::MaxAge)), "{age}");
        }
        assert!(matches!(asked("prompt=none+login"), Err(Refused::Prompt)));
    }

    #[test]
    fn a_login_will_do_while_it_is_young_enough_or_was_for_this_request() {
        let (this, other) = (SecretHash::of("this"), SecretHash::of("other"));
        let browser = |logged_in_for| Browser {
            subject: "alice".to_owned(),
            name: None,
            authentication: Authentication::at(1_000),
            logged_in_for,
            expires_at: 9_000,
        };
        for (query, now, will_do) in [
            ("", 8_000, true),
            ("max_age=300", 1_300, true),
            ("max_age=300", 1_301, false),
            ("max_age=0", 1_000, false),
            ("prompt=login", 1_000, false),
        ] {
            let asked = asked(query).unwrap();
            assert_eq!(asked.is_met_by(&browser(other), this, now), will_do, "{query} {now}");
            assert!(asked.is_met_by(&browser(this), this, now), "{query}");
        }
    }
}
