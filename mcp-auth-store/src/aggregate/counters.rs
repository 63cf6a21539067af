//! Rate limits by the generic cell rate algorithm (GCRA): one integer for each key.
//!
//! The integer is the *theoretical arrival time*: when the next arrival would come if all came at equal intervals. An
//! arrival that is earlier by more than the tolerance does not conform.
//!
//! - Source: ITU-T I.371, the virtual scheduling algorithm.
//! - Units: microseconds, of the rate and of `now` (since the Unix epoch).

use crate::StoreFuture;

/// A rate limit: how often an event may happen.
///
/// # Example
/// ```
/// use mcp_auth_store::{Arrival, Rate};
/// let rate = Rate::per_minute(60, 2).unwrap(); // one a second, two at once
/// let (first, stored) = rate.arrive(None, 0);
/// let (second, stored) = rate.arrive(Some(stored), 0);
/// let (third, _) = rate.arrive(Some(stored), 0);
/// assert_eq!((first, second), (Arrival::Conforms, Arrival::Conforms));
/// assert_eq!(third, Arrival::TooSoon { wait: 1_000_000 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The time between two evenly spaced arrivals, in microseconds.
    interval: u64,
    /// How much earlier than evenly spaced an arrival may come, in microseconds.
    tolerance: u64,
}

/// The outcome of [`Counters::arrive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The arrival conforms to the rate and is counted.
    Conforms,
    /// The arrival is too soon and is not counted.
    TooSoon {
        /// In how many microseconds an arrival conforms again.
        wait: u64,
    },
}

impl Rate {
    /// One a minute.
    pub const LEAST: Self = Self { interval: 60_000_000, tolerance: 0 };

    /// `times` a minute, up to `burst` of them at once. `None` if either is 0, or if `times` is over 60 million.
    pub fn per_minute(times: u32, burst: u32) -> Option<Self> {
        let interval = 60_000_000_u64.checked_div(u64::from(times)).filter(|interval| *interval > 0)?;
        let early = u64::from(burst.checked_sub(1)?);
        Some(Self { interval, tolerance: interval.saturating_mul(early) })
    }

    /// One in so many seconds, up to `burst` of them at once. `None` if either is 0.
    pub fn one_in(seconds: u32, burst: u32) -> Option<Self> {
        let interval = u64::from(seconds).checked_mul(1_000_000).filter(|interval| *interval > 0)?;
        let early = u64::from(burst.checked_sub(1)?);
        Some(Self { interval, tolerance: interval.saturating_mul(early) })
    }

    /// The formula that every backend uses: for an arrival at `now`, where `stored` is the integer kept, gives the
    /// outcome and the integer to keep next.
    pub fn arrive(&self, stored: Option<u64>, now: u64) -> (Arrival, u64) {
        let due = stored.unwrap_or(now).max(now);
        let early = due - now;
        if early > self.tolerance {
            return (Arrival::TooSoon { wait: early - self.tolerance }, due);
        }
        (Arrival::Conforms, due.saturating_add(self.interval))
    }
}

/// The counters, by key.
pub trait Counters: Send + Sync {
    /// Counts one arrival under `key` at `now`, if it conforms to `rate`. If many arrive at once, no more of them
    /// conform than if they arrived one after the other.
    fn arrive<'a>(&'a self, key: &'a str, rate: Rate, now: u64) -> StoreFuture<'a, Arrival>;

    /// What an arrival under `key` would be at `now`, without counting it: for what is counted only if it fails.
    fn look<'a>(&'a self, key: &'a str, rate: Rate, now: u64) -> StoreFuture<'a, Arrival>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_at_least_one_and_a_burst_of_at_least_one() {
        assert_eq!(Rate::per_minute(0, 1), None);
        assert_eq!(Rate::per_minute(1, 0), None);
        assert_eq!(Rate::per_minute(60_000_001, 1), None);
        assert!(Rate::per_minute(60_000_000, u32::MAX).is_some());
        assert_eq!((Rate::one_in(0, 1), Rate::one_in(1, 0)), (None, None));
        assert_eq!(Rate::one_in(1, 5), Rate::per_minute(60, 5));
    }

    #[test]
    fn what_comes_evenly_conforms_for_ever_and_what_comes_twice_as_often_every_other_time() {
        let rate = Rate::per_minute(60, 1).unwrap();
        let mut stored = None;
        for second in 0..1000 {
            let (arrival, next) = rate.arrive(stored, second * 1_000_000);
            assert_eq!(arrival, Arrival::Conforms, "{second}");
            let (early, kept) = rate.arrive(Some(next), second * 1_000_000 + 500_000);
            assert_eq!(early, Arrival::TooSoon { wait: 500_000 }, "{second}");
            assert_eq!(kept, next, "what is refused does not count");
            stored = Some(kept);
        }
    }

    #[test]
    fn a_clock_that_goes_back_lets_nothing_through_that_was_refused() {
        let rate = Rate::per_minute(60, 1).unwrap();
        let (_, stored) = rate.arrive(None, 10_000_000);
        assert_eq!(rate.arrive(Some(stored), 0).0, Arrival::TooSoon { wait: 11_000_000 });
    }

    #[test]
    fn the_end_of_time_does_not_overflow() {
        let rate = Rate::per_minute(1, u32::MAX).unwrap();
        assert_eq!(rate.arrive(Some(u64::MAX), u64::MAX), (Arrival::Conforms, u64::MAX));
    }
}
