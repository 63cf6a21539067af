//! Which release may use which store. A database knows its version and the oldest release that may use it: each release only adds, so
//! two of them can share a store while a server is replaced.

use super::open_error::OpenError;

/// The version of a store that this release makes.
pub(crate) const NEWEST: i64 = 1;

/// The oldest version of a program that may use a store that this release has made or changed. It grows where an older program would
/// not respect what a newer one wrote.
pub(crate) const MIN_VERSION: i64 = 1;

/// Whether this release may use a store that asks for `min_version`.
///
/// # Errors
/// [`OpenError::Newer`].
pub(crate) fn admit(min_version: i64) -> Result<(), OpenError> {
    if min_version > NEWEST {
        return Err(OpenError::Newer { min_version, newest: NEWEST });
    }
    Ok(())
}
