//! Durations as people read them.

use std::time::Duration;

/// A duration as the configuration writes it: the largest unit that loses nothing.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use mcp_auth_core::duration::duration_text;
/// assert_eq!(duration_text(Duration::from_secs(300)), "5m");
/// assert_eq!(duration_text(Duration::from_secs(90)), "90s");
/// ```
pub fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_nanos() != 0 {
        return format!("{}ms", duration.as_millis());
    }
    for (unit, name) in [(86_400, "d"), (3_600, "h"), (60, "m")] {
        if seconds != 0 && seconds.is_multiple_of(unit) {
            return format!("{}{name}", seconds / unit);
        }
    }
    format!("{seconds}s")
}
