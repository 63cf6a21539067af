//! What a person replied.

/// What a person replied to a question of [`Ask`](super::Ask).
///
/// Declining and cancelling are replies, not errors: an operation says itself what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<T> {
    /// The form, filled in; `()` where the person was sent to a URL and agreed.
    Accepted(T),
    /// The person said no.
    Declined,
    /// The person closed the question without an answer.
    Cancelled,
}

impl<T> Reply<T> {
    /// The form, where the person filled it in.
    pub fn accepted(self) -> Option<T> {
        match self {
            Self::Accepted(form) => Some(form),
            Self::Declined | Self::Cancelled => None,
        }
    }

    /// The same with the form changed.
    pub(super) fn try_map<U, E>(self, with: impl FnOnce(T) -> Result<U, E>) -> Result<Reply<U>, E> {
        Ok(match self {
            Self::Accepted(form) => Reply::Accepted(with(form)?),
            Self::Declined => Reply::Declined,
            Self::Cancelled => Reply::Cancelled,
        })
    }
}
