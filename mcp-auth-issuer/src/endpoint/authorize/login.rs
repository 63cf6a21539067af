//! Which login will do for an authorization request.

use mcp_auth_store::{Browser, SecretHash};

/// Which login a request asks for.
///
/// - Source: OpenID Connect Core 1.0 §3.1.2.1, `max_age` and `prompt`; RFC 9470 §4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoginAsked {
    /// The person logs in for this request, whatever they did before.
    pub(super) again: bool,
    /// How old the login may be, in seconds.
    pub(super) max_age: Option<u64>,
}

impl LoginAsked {
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
        for (again, max_age, now, will_do) in [
            (false, None, 8_000, true),
            (false, Some(300), 1_300, true),
            (false, Some(300), 1_301, false),
            (false, Some(0), 1_000, false),
            (true, None, 1_000, false),
        ] {
            let asked = LoginAsked { again, max_age };
            assert_eq!(asked.is_met_by(&browser(other), this, now), will_do, "{asked:?} {now}");
            assert!(asked.is_met_by(&browser(this), this, now), "{asked:?}");
        }
    }
}
