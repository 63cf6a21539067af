//! How long things may take or last: each range and default stands here alone. The configuration reads them.

use mcp_auth_core::bounds::{Bounds, DAY, HOUR, MINUTE};

/// Clock skew allowed on `exp`, `nbf` and `iat`: 0 seconds to 5 minutes. **(default: 30 seconds)**
pub const CLOCK_SKEW: Bounds = Bounds::seconds(0, 5 * MINUTE, 30);
/// The longest lifetime of a token, `exp - iat`: 1 minute to 365 days. **(default: 1 day)**
pub const MAX_TOKEN_LIFETIME: Bounds = Bounds::seconds(MINUTE, 365 * DAY, DAY);
/// The longest that a verified credential is remembered as verified: 1 second to 1 minute. **(default: 1 minute)**
pub const TOKEN_CACHE_TTL: Bounds = Bounds::seconds(1, MINUTE, MINUTE);
/// The shortest time between two planned fetches of an issuer's keys: 1 second to 1 hour. **(default: 1 minute)**
pub const JWKS_MIN_REFRESH: Bounds = Bounds::seconds(1, HOUR, MINUTE);
/// The longest time between two planned fetches of an issuer's keys: 1 second to 1 day. **(default: 1 hour)**
pub const JWKS_MAX_REFRESH: Bounds = Bounds::seconds(1, DAY, HOUR);
/// The time in which unknown `kid`s cause one fetch at most: 1 second to 1 hour. **(default: 30 seconds)**
pub const UNKNOWN_KID_COOLDOWN: Bounds = Bounds::seconds(1, HOUR, 30);
/// The longest that one fetch of an issuer's metadata or keys may take: 1 to 30 seconds. **(default: 3 seconds)**
pub const JWKS_TIMEOUT: Bounds = Bounds::seconds(1, 30, 3);
/// How long known keys keep working while the issuer cannot be reached: 1 minute to 30 days. **(default: 1 day)**
pub const JWKS_MAX_STALE: Bounds = Bounds::seconds(MINUTE, 30 * DAY, DAY);
