//! Values as SQLite holds them: integers are signed, scopes and lists are text.

use mcp_auth_core::{Scope, ScopeSet};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::SecretHash;

/// A time or a count. What is beyond the range of SQLite is its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole(pub(super) u64);

impl ToSql for Whole {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Whole {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let held = value.as_i64()?;
        u64::try_from(held).map(Self).map_err(|_| FromSqlError::OutOfRange(held))
    }
}

/// The 32 bytes of a hash.
pub(super) struct Hash(pub(super) SecretHash);

impl ToSql for Hash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_bytes().as_slice().into())
    }
}

impl FromSql for Hash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes: [u8; 32] = value.as_blob()?.try_into().map_err(|_| FromSqlError::InvalidType)?;
        Ok(Self(SecretHash::from_bytes(bytes)))
    }
}

/// Scopes, with a space between each two (RFC 6749 §3.3).
pub(super) struct Scopes(pub(super) ScopeSet);

impl ToSql for Scopes {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl FromSql for Scopes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let written = value.as_str()?.split(' ').filter(|scope| !scope.is_empty());
        let scopes: Result<ScopeSet, _> = written.map(str::parse::<Scope>).collect();
        scopes.map(Self).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// A list or a map, as JSON.
pub(super) struct Json<T>(pub(super) T);

impl<T: serde::Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let written = serde_json::to_string(&self.0);
        written.map(Into::into).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}

impl<T: serde::de::DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let read = serde_json::from_str(value.as_str()?);
        read.map(Self).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}
