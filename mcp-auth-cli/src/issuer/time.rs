//! Times, as the lists of people, clients and keys show them.

use std::time::{Duration, SystemTime};

/// A time in Unix seconds, as RFC 3339 writes it.
pub(super) fn written(at: u64) -> String {
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(at)).to_string()
}
