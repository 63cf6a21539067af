//! How long things may take or last: each range and default stands here alone. The configuration reads them.

use mcp_auth_core::bounds::{Bounds, MINUTE};

/// The longest that a positive answer about a token is remembered: 1 second to 1 minute. **(default: 1 minute)**
pub const INTROSPECTION_CACHE_TTL: Bounds = Bounds::seconds(1, MINUTE, MINUTE);
/// How long a negative answer about a token is remembered: 0 seconds to 1 minute. **(default: 5 seconds)**
pub const NEGATIVE_TTL: Bounds = Bounds::seconds(0, MINUTE, 5);
/// The longest that a token waits for its issuer's answer: 1 to 30 seconds. **(default: 5 seconds)**
pub const INTROSPECTION_TIMEOUT: Bounds = Bounds::seconds(1, 30, 5);
/// The longest that an answer without `exp` is remembered, in seconds: its issuer alone knows when the token ends.
pub(super) const WITHOUT_EXPIRY_SECS: u64 = 10;
