//! The range of a setting and its default, and those that more than one crate needs.

use std::time::Duration;

/// The range of a setting, and its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The shortest that may be set.
    pub min: Duration,
    /// The longest that may be set.
    pub max: Duration,
    /// What it is when nothing is set.
    pub default: Duration,
}

impl Bounds {
    /// Bounds in seconds.
    pub const fn seconds(min: u64, max: u64, default: u64) -> Self {
        Self {
            min: Duration::from_secs(min),
            max: Duration::from_secs(max),
            default: Duration::from_secs(default),
        }
    }

    /// Whether `value` may be set.
    pub fn contain(&self, value: Duration) -> bool {
        (self.min..=self.max).contains(&value)
    }
}

/// A minute, in seconds.
pub const MINUTE: u64 = 60;
/// An hour, in seconds.
pub const HOUR: u64 = 60 * MINUTE;
/// A day, in seconds.
pub const DAY: u64 = 24 * HOUR;

/// How long an access token of the built-in issuer is valid: 1 minute to 1 hour. **(default: 15 minutes)**
pub const ACCESS_TOKEN_LIFETIME: Bounds = Bounds::seconds(MINUTE, HOUR, 15 * MINUTE);
/// How long a refresh token of the built-in issuer is valid after its last use: 5 minutes to 90 days.
/// **(default: 14 days)**
pub const REFRESH_TOKEN_LIFETIME: Bounds = Bounds::seconds(5 * MINUTE, 90 * DAY, 14 * DAY);
/// How long an authorization code of the built-in issuer is valid: 10 seconds to 10 minutes, the most that OAuth 2.1
/// §4.1.2 allows. **(default: 1 minute)**
pub const CODE_LIFETIME: Bounds = Bounds::seconds(10, 10 * MINUTE, MINUTE);

/// For how long a grant of the built-in issuer can be refreshed in all, however often it is used: 1 hour to 400 days.
/// **(default: 90 days)**
pub const GRANT_LIFETIME: Bounds = Bounds::seconds(HOUR, 400 * DAY, 90 * DAY);
/// For how long a browser stays logged in at the built-in issuer: 1 second to 30 days. **(default: 8 hours)**
pub const SESSION_LIFETIME: Bounds = Bounds::seconds(1, 30 * DAY, 8 * HOUR);
/// For how long a refresh token of the built-in issuer that was replaced gives the same next one again: up to 30 seconds.
/// **(default: 0 seconds, never)**
pub const REFRESH_GRACE: Bounds = Bounds::seconds(0, 30, 0);
/// How long an assertion of another issuer may be valid in all, `exp - iat`: 10 seconds to 1 hour. **(default: 5 minutes; of a workload 1 hour)**
pub const ASSERTION_LIFETIME: Bounds = Bounds::seconds(10, HOUR, 5 * MINUTE);
/// How long a revocation may take until every process on one store knows it: 1 second to 1 minute. **(default: 5 seconds)**
pub const REVOCATION_LAG: Bounds = Bounds::seconds(1, MINUTE, 5);
/// How old what is known of revocations may be, while the store cannot be read, before tokens of the built-in issuer are answered 503:
/// 1 second to 1 hour. **(default: 1 minute)**
pub const REVOCATION_STALE: Bounds = Bounds::seconds(1, HOUR, MINUTE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_range_may_be_set_and_nothing_beyond() {
        let second = Duration::from_secs(1);
        assert!(CODE_LIFETIME.contain(CODE_LIFETIME.min) && CODE_LIFETIME.contain(CODE_LIFETIME.max));
        assert!(!CODE_LIFETIME.contain(CODE_LIFETIME.min - second));
        assert!(!CODE_LIFETIME.contain(CODE_LIFETIME.max + second));
    }

    #[test]
    fn every_default_may_be_set() {
        for bounds in [ACCESS_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME, CODE_LIFETIME] {
            assert!(bounds.contain(bounds.default), "{bounds:?}");
        }
    }
}
