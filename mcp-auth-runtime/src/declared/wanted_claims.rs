//! What a method takes of the claims of a token as a type of its own: that they fit is part of its rule.

use std::fmt;

use serde_json::{Map, Value};

/// Why the claims of a token do not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitClaims {
    /// The claim; `None` where the type does not say which one it misses.
    pub claim: Option<String>,
    /// Whether it is missing.
    pub is_missing: bool,
}

/// Says whether claims fit one type.
pub type ClaimsFit = fn(&Map<String, Value>) -> Result<(), UnfitClaims>;

/// What a rule wants of claims. Two of them are equal as far as files tell: the types are the program's.
#[derive(Clone)]
pub(crate) struct WantedClaims(Vec<ClaimsFit>);

impl WantedClaims {
    /// Those that all of these fit. Of none of them it is only known that the program has some.
    pub(super) fn new(fits: Vec<ClaimsFit>) -> Self {
        Self(fits)
    }

    /// Those and these.
    pub(super) fn and(mut self, fits: Vec<ClaimsFit>) -> Self {
        self.0.extend(fits);
        self
    }

    /// What does not fit in these claims.
    pub(crate) fn misfit(&self, claims: &Map<String, Value>) -> Option<UnfitClaims> {
        self.0.iter().find_map(|fits| fits(claims).err())
    }
}

impl PartialEq for WantedClaims {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for WantedClaims {}

impl fmt::Debug for WantedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WantedClaims")
    }
}
