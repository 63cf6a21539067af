//! What a credential is bound to besides who bears it (`cnf`, RFC 7800 §3.1).

use serde_json::{Map, Value};

/// What the sender of a credential must prove to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmation {
    /// A key by a method that no request can prove here: such a credential is refused however it is presented.
    Unsupported,
}

impl Confirmation {
    /// What the claims of a token bind it to, if anything: `cnf` of any shape binds.
    pub(super) fn of(claims: &Map<String, Value>) -> Option<Self> {
        claims.contains_key("cnf").then_some(Self::Unsupported)
    }
}
