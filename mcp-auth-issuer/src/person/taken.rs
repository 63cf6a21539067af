//! The names that no person of a login has: tokens name clients, programs and people alike by `sub`, so what is decided by one, such as a
//! role, would hold for the other.

use std::collections::HashSet;

use super::accounts::folded;
use crate::assertion::is_of;

/// The names of the operator's clients, of the programs that their platforms vouch for (workloads), and of the people of identity providers
/// whose assertions are taken. Names that differ in capital letters alone are one, as those of accounts are.
///
/// # Example
/// ```
/// let taken = mcp_auth_issuer::TakenNames::new(["nightly"], ["https://idp.example"]);
/// assert!(taken.has("Nightly") && taken.has("https://idp.example#ann"));
/// assert!(!taken.has("nightly report") && !taken.has("https://idp.example"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenNames {
    /// Folded.
    names: HashSet<String>,
    /// The issuers of assertions about people, folded.
    issuers: Vec<String>,
}

impl TakenNames {
    /// These names of clients and programs, and those of the people of these issuers.
    pub fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        issuers: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self {
            names: names.into_iter().map(folded).collect(),
            issuers: issuers.into_iter().map(folded).collect(),
        }
    }

    /// Whether this is the name of one of them, or looks like it.
    pub fn has(&self, name: &str) -> bool {
        let name = folded(name);
        self.names.contains(&name) || self.issuers.iter().any(|issuer| is_of(issuer, &name))
    }
}
