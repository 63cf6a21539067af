//! A limit on how often something may happen, for all callers together.

use std::sync::{Mutex, PoisonError};

/// Allows at most `per_minute` events in each minute of the clock.
pub(crate) struct RateLimit {
    per_minute: u32,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Window {
    minute: u64,
    count: u32,
}

/// The limit is reached: try again after this many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooOften {
    pub(crate) retry_after: u64,
}

impl RateLimit {
    pub(crate) fn per_minute(per_minute: u32) -> Self {
        Self { per_minute, window: Mutex::default() }
    }

    /// Counts one event at `now`, in Unix seconds.
    pub(crate) fn count(&self, now: u64) -> Result<(), TooOften> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.minute != now / 60 {
            *window = Window { minute: now / 60, count: 0 };
        }
        if window.count >= self.per_minute {
            return Err(TooOften { retry_after: 60 - now % 60 });
        }
        window.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_the_cap_is_refused_until_the_next_minute() {
        let limit = RateLimit::per_minute(2);
        assert_eq!(limit.count(100), Ok(()));
        assert_eq!(limit.count(101), Ok(()));
        assert_eq!(limit.count(102), Err(TooOften { retry_after: 18 }));
        assert_eq!(limit.count(120), Ok(()));
    }
}
