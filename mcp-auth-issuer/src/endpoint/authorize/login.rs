//! Which login will do for an authorization request.

use mcp_auth_store::{Browser, SecretHash};

use super::pushed::OPEN_FOR;

/// Which login a request asks for.
///
/// - Source: OpenID Connect Core 1.0 §3.1.2.1, `max_age`, `prompt` and `acr_values`; RFC 9470 §4.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LoginAsked {
    /// The person logs in for this request, whatever they did before.
    pub(super) again: bool,
    /// How old the login may be, in seconds.
    pub(super) max_age: Option<u64>,
    /// How strong it has to be: one of these `acr` values, each of which the login can reach. Any, if there are none.
    pub(super) acr: Vec<String>,
}

/// Whether a login will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// It will.
    Met,
    /// The person logs in for this request.
    LogIn,
    /// They have logged in for it, and not as strongly as it asks.
    TooWeak,
}

impl LoginAsked {
    /// Whether the login of this browser will do for the request of this hash `now`, in Unix seconds. A login on the page of the request
    /// itself will do until the request was answered, and as long as its pages can be open, whatever age it asks for: the token says when it
    /// was. That time is measured from when they logged in here: at a provider it may have been long before, and a page that asked for a younger
    /// login than the provider gives would ask for ever. The same request that comes again later is a new one.
    pub(super) fn fit(&self, browser: &Browser, request: SecretHash, now: u64) -> Fit {
        let how = &browser.authentication;
        let is_strong =
            self.acr.is_empty() || how.acr.as_ref().is_some_and(|reached| self.acr.contains(reached));
        // A row of before has no time of its own.
        let logged_in_at = browser.logged_in_at.max(how.auth_time);
        if browser.logged_in_for == request && now.saturating_sub(logged_in_at) <= OPEN_FOR {
            return if is_strong { Fit::Met } else { Fit::TooWeak };
        }
        let age = now.saturating_sub(how.auth_time);
        let is_recent = self.max_age.is_none_or(|most| age <= most);
        match is_strong && is_recent && !self.again && self.max_age != Some(0) {
            true => Fit::Met,
            false => Fit::LogIn,
        }
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_store::Authentication;

    use super::*;

    fn browser(logged_in_for: &str, acr: Option<&str>) -> Browser {
        Browser {
            linked: None,
            subject: "alice".to_owned(),
            name: None,
            known_as: None,
            authentication: Authentication { acr: acr.map(str::to_owned), ..Authentication::at(1_000) },
            logged_in_for: SecretHash::of(logged_in_for),
            logged_in_at: 1_000,
            expires_at: 9_000,
        }
    }

    #[test]
    fn a_login_will_do_while_it_is_young_enough_or_was_for_this_request() {
        let this = SecretHash::of("this");
        for (again, max_age, now, fit) in [
            (false, None, 8_000, Fit::Met),
            (false, Some(300), 1_300, Fit::Met),
            (false, Some(300), 1_301, Fit::LogIn),
            (false, Some(0), 1_000, Fit::LogIn),
            (true, None, 1_000, Fit::LogIn),
        ] {
            let asked = LoginAsked { again, max_age, acr: Vec::new() };
            assert_eq!(asked.fit(&browser("other", None), this, now), fit, "{asked:?} {now}");
            assert_eq!(asked.fit(&browser("this", None), this, 1_000 + OPEN_FOR), Fit::Met, "{asked:?}");
            let late = asked.fit(&browser("this", None), this, 1_001 + OPEN_FOR);
            let is_asked_nothing = asked == LoginAsked::default();
            assert_eq!(late, if is_asked_nothing { Fit::Met } else { Fit::LogIn }, "{asked:?}");
        }
    }

    #[test]
    fn a_login_elsewhere_counts_for_its_request_from_when_it_came_back_and_for_others_from_when_it_was() {
        let this = SecretHash::of("this");
        let young = LoginAsked { max_age: Some(600), ..LoginAsked::default() };
        let strong = LoginAsked { acr: vec!["gold".to_owned()], ..LoginAsked::default() };
        for auth_time in [0, 10, 1_000] {
            let at = |logged_in_for: &str, logged_in_at| {
                let browser = browser(logged_in_for, Some("silver"));
                let authentication = Authentication { auth_time, ..browser.authentication };
                Browser { authentication, logged_in_at, ..browser }
            };
            let this_one = at("this", 10_000);
            assert_eq!(young.fit(&this_one, this, 10_000 + OPEN_FOR), Fit::Met, "{auth_time}");
            assert_eq!(young.fit(&this_one, this, 10_001 + OPEN_FOR), Fit::LogIn, "{auth_time}");
            assert_eq!(strong.fit(&this_one, this, 10_000 + OPEN_FOR), Fit::TooWeak, "{auth_time}");
            assert_eq!(strong.fit(&this_one, this, 10_001 + OPEN_FOR), Fit::LogIn, "{auth_time}");
            assert_eq!(young.fit(&at("other", 10_000), this, 10_000), Fit::LogIn, "{auth_time}");
            // A row of an older release: what it says is when the login was.
            let old = at("this", 0);
            assert_eq!(strong.fit(&old, this, auth_time + OPEN_FOR), Fit::TooWeak, "{auth_time}");
            assert_eq!(strong.fit(&old, this, auth_time + OPEN_FOR + 1), Fit::LogIn, "{auth_time}");
        }
    }

    #[test]
    fn a_login_that_is_not_strong_enough_leads_to_another_one_and_then_to_nothing() {
        let this = SecretHash::of("this");
        let asked = LoginAsked { acr: vec!["phr".to_owned(), "mfa".to_owned()], ..LoginAsked::default() };
        for (acr, before, after) in [
            (None, Fit::LogIn, Fit::TooWeak),
            (Some("pwd"), Fit::LogIn, Fit::TooWeak),
            (Some("mfa"), Fit::Met, Fit::Met),
            (Some("phr"), Fit::Met, Fit::Met),
        ] {
            assert_eq!(asked.fit(&browser("other", acr), this, 1_000), before, "{acr:?}");
            assert_eq!(asked.fit(&browser("this", acr), this, 1_000), after, "{acr:?}");
        }
    }
}
