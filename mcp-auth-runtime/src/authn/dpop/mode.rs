//! Whether an issuer's tokens may or must be bound to a key of their client.

/// What is accepted of tokens that are bound to a key by DPoP (RFC 9449).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DpopMode {
    /// Bound tokens are refused.
    #[default]
    Off,
    /// Bound tokens are accepted with their proof, and plain bearer tokens as well.
    Allowed,
    /// Only bound tokens are accepted.
    Required,
}

impl DpopMode {
    /// Whether proofs are read.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }
}
