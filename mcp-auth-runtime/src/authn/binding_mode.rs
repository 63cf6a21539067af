//! Whether an issuer's tokens may or must be bound, by one method.

/// What is accepted of tokens that are bound by a method: to a key by DPoP (RFC 9449).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BindingMode {
    /// Tokens that are bound so are refused.
    #[default]
    Off,
    /// They are accepted with their proof, and plain bearer tokens as well.
    Allowed,
    /// Only they are accepted.
    Required,
}

impl BindingMode {
    /// Whether proofs are read.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }
}
