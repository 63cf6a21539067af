//! The tests of whole credentials: `tokens`, `own_keys`. And what the tests of this folder share: `support` (keys, tokens, clock
//! and network), `principals` (callers for tests that are not about verifying).

mod own_keys;
pub(crate) mod principals;
pub(in crate::authn) mod support;
mod tokens;
mod whose;
