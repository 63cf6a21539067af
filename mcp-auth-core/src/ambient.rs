//! Time and randomness, passed in and never ambient, so that a test decides both.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What time it is.
pub trait Clock: Send + Sync + 'static {
    /// Wall-clock time in whole seconds since the Unix epoch (the unit of `exp`, RFC 7519 §2 NumericDate).
    fn unix_now(&self) -> u64;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in")]
    fn unix_now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
    }
}

/// Unpredictable bytes, for codes, identifiers and keys.
pub trait Random: Send + Sync + 'static {
    /// Fills `out` with bytes nobody can guess.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing safe can be done then.
    fn fill(&self, out: &mut [u8]);
}

/// The randomness of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the randomness that is passed in")]
    #[expect(clippy::expect_used, reason = "without randomness no secret can be made; see the trait's docs")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system has no randomness");
    }
}

/// The time and randomness a server runs on; cloned freely.
#[derive(Clone)]
pub struct Ambient {
    /// The clock every expiry is compared with.
    pub clock: Arc<dyn Clock>,
    /// The source of codes and identifiers.
    pub random: Arc<dyn Random>,
}

impl Ambient {
    /// The operating system's clock and randomness.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom) }
    }
}

impl std::fmt::Debug for Ambient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ambient")
    }
}
