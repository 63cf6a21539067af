//! The ranges and defaults of the durations that other places act on.

pub use crate::authn::verifier::introspection::bounds::{
    INTROSPECTION_CACHE_TTL, INTROSPECTION_TIMEOUT, NEGATIVE_TTL,
};
pub use crate::authn::verifier::jwt::bounds::{
    CLOCK_SKEW, JWKS_MAX_REFRESH, JWKS_MAX_STALE, JWKS_MIN_REFRESH, JWKS_TIMEOUT, MAX_TOKEN_LIFETIME,
    TOKEN_CACHE_TTL, UNKNOWN_KID_COOLDOWN,
};
pub use mcp_auth_core::bounds::{ACCESS_TOKEN_LIFETIME, Bounds, CODE_LIFETIME, REFRESH_TOKEN_LIFETIME};
