//! Why a key does not take a value.

use super::words::quoted;

/// A value outside what its key accepts. Reads on from the key's name: `clock_skew` + `is "900s", at most "5m"`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Not written the way this kind of value is written.
    #[error("is {}, expected {expected}", quoted(given))]
    Malformed {
        /// As it was given.
        given: String,
        /// What would be right.
        expected: String,
    },
    /// Above the range.
    #[error("is {given}, at most {limit}")]
    TooMuch {
        /// As it was given.
        given: String,
        /// The highest that is accepted.
        limit: String,
    },
    /// Below the range.
    #[error("is {given}, at least {limit}")]
    TooLittle {
        /// As it was given.
        given: String,
        /// The lowest that is accepted.
        limit: String,
    },
    /// Well written and still refused.
    #[error("is {}: {why}", quoted(given))]
    Refused {
        /// As it was given.
        given: String,
        /// Why not, and what instead.
        why: String,
    },
    /// An empty list where one entry at least is needed.
    #[error("is empty: {0}")]
    Empty(&'static str),
    /// Not a hash. What stands there may be the secret itself, so it is not shown.
    #[error(
        "is not a SHA-256: write the 64 hexadecimal digits that `printf %s \"$TOKEN\" | sha256sum` prints"
    )]
    NotSha256,
}

impl ValueError {
    pub(in crate::config) fn malformed(given: &str, expected: impl Into<String>) -> Self {
        Self::Malformed { given: given.to_owned(), expected: expected.into() }
    }

    pub(in crate::config) fn refused(given: &str, why: impl Into<String>) -> Self {
        Self::Refused { given: given.to_owned(), why: why.into() }
    }
}
