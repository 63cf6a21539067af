//! How long things may take or last: each range and default stands here alone. The configuration reads them.

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
    const fn seconds(min: u64, max: u64, default: u64) -> Self {
        Self {
            min: Duration::from_secs(min),
            max: Duration::from_secs(max),
            default: Duration::from_secs(default),
        }
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Clock skew allowed on `exp`, `nbf` and `iat`.
pub const CLOCK_SKEW: Bounds = Bounds::seconds(0, 5 * MINUTE, 30);
/// The longest lifetime of a token, `exp - iat`.
pub const MAX_TOKEN_LIFETIME: Bounds = Bounds::seconds(MINUTE, 365 * DAY, DAY);
/// The longest that a verified credential is remembered as verified.
pub const TOKEN_CACHE_TTL: Bounds = Bounds::seconds(1, MINUTE, MINUTE);
/// The shortest time between two planned fetches of an issuer's keys.
pub const JWKS_MIN_REFRESH: Bounds = Bounds::seconds(1, HOUR, MINUTE);
/// The longest time between two planned fetches of an issuer's keys.
pub const JWKS_MAX_REFRESH: Bounds = Bounds::seconds(1, DAY, HOUR);
/// The time in which unknown `kid`s cause one fetch at most.
pub const UNKNOWN_KID_COOLDOWN: Bounds = Bounds::seconds(1, HOUR, 30);
/// How long known keys keep working while the issuer cannot be reached.
pub const JWKS_MAX_STALE: Bounds = Bounds::seconds(MINUTE, 30 * DAY, DAY);
