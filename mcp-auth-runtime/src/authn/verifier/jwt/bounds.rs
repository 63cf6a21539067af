//! How long things may take or last: each range and default stands here alone. The configuration reads them.

use mcp_auth_core::bounds::{Bounds, DAY, HOUR, MINUTE};

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
