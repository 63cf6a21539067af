//! Why there is no room for more.

/// Why there is no room for more. Each names the key that sets the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Crowded {
    /// The caller has as much as one may have.
    #[error("one caller may have at most {limit} {what} ({key}); try again later")]
    Caller {
        /// The key that sets the limit.
        key: &'static str,
        /// The limit.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// All callers together have as much as there is.
    #[error("too many {what} at once ({key}); try again later")]
    Server {
        /// The key that sets the limit.
        key: &'static str,
        /// Of what.
        what: &'static str,
    },
}

impl Crowded {
    /// After how many seconds it is worth another try: sessions end by themselves after minutes, calls after seconds.
    pub(crate) fn retry_after(self) -> u64 {
        match self.key() {
            "limits.sessions" | "limits.caller_sessions" => 30,
            _ => 5,
        }
    }

    /// The key that sets the limit.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Caller { key, .. } | Self::Server { key, .. } => key,
        }
    }
}
