//! The path of each endpoint, at the issuer's origin.

/// A person's own page.
pub(super) const ACCOUNT: &str = "/account";
pub(super) const AUTHORIZE: &str = "/authorize";
/// Where a person changes how they log in.
pub(crate) const FACTORS: &str = "/account/factors";
/// Where a person sets a password.
pub(crate) const RESET: &str = "/authorize/reset";
pub(crate) const CONFIRM: &str = "/authorize/confirm";
/// Where a person connects an account at a provider.
pub(crate) const CONNECT: &str = "/authorize/connect";
/// Below `/authorize` for the same reason.
pub(super) const DEVICE: &str = "/authorize/device";
pub(super) const DEVICE_AUTHORIZATION: &str = "/device_authorization";
pub(super) const INTROSPECT: &str = "/introspect";
pub(super) const JWKS: &str = "/jwks";
/// The script of pages with passkeys. Below `/authorize`, so that a proxy that passes that on passes this on too.
pub(crate) const PASSKEYS_SCRIPT: &str = "/authorize/passkeys.js";
pub(crate) const PAR: &str = "/par";
pub(super) const REGISTER: &str = "/register";
/// One client that registered.
pub(super) const REGISTERED: &str = "/register/{client_id}";
/// Where a person comes back from another page of a login. Below `/authorize`, whose cookie it reads.
pub(crate) const RETURN: &str = "/authorize/login";
/// The same from a provider, whose name is in it.
pub(super) const RETURN_FROM: &str = "/authorize/login/{upstream}";
pub(super) const REVOKE: &str = "/revoke";
pub(crate) const TOKEN: &str = "/token";
