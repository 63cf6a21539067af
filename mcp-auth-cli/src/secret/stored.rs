//! How the token store writes a secret: as it is. Nothing else does.

use mcp_auth_core::SecretText;
use serde::{Serialize as _, Serializer};

/// Serializes the secret itself, for `#[serde(serialize_with)]` on a [`SecretText`] or an `Option` of one.
pub(crate) fn stored<'s, T, S>(secret: &'s T, to: S) -> Result<S::Ok, S::Error>
where
    Option<&'s SecretText>: From<&'s T>,
    S: Serializer,
{
    Option::<&SecretText>::from(secret).map(SecretText::expose).serialize(to)
}
