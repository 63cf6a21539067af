//! Time and randomness, passed in as arguments and never read directly, so that a test decides both.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// Wall-clock time in whole seconds since the Unix epoch (the unit of `exp`, RFC 7519 §2 NumericDate).
    fn unix_now(&self) -> u64;
}

/// The [`Clock`] of the operating system.
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
    /// Fills `out` with bytes that an attacker cannot predict.
    ///
    /// # Panics
    /// When the operating system cannot supply randomness: it is not safe to continue then.
    fn fill(&self, out: &mut [u8]);
}

/// The [`Random`] source of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the randomness that is passed in")]
    #[expect(clippy::expect_used, reason = "without randomness no secret can be made; see the trait's docs")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system has no randomness");
    }
}

/// The time and randomness that a server uses. Cloning it is cheap: both parts are shared.
#[derive(Clone)]
pub struct Ambient {
    /// The clock that every expiry is compared with.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness for codes, identifiers and keys.
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
