//! The path of each endpoint, at the issuer's origin.

pub(super) const AUTHORIZE: &str = "/authorize";
pub(super) const JWKS: &str = "/jwks";
pub(super) const REGISTER: &str = "/register";
pub(super) const REVOKE: &str = "/revoke";
pub(super) const TOKEN: &str = "/token";
