//! `[scopes]`: what scopes mean, and which narrower ones they imply.

use super::hint::hint;
use mcp_auth_core::Cycle;

/// What is not safe in `[scopes]`, or wherever a scope is named. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeConflict {
    /// An entry that changes nothing.
    #[error("scope {scope:?} is declared by no operation and implies nothing{}: {at}", hint(nearest.as_deref()))]
    UnusedScope {
        /// The scope.
        scope: String,
        /// The declared scope that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// A scope that neither the operations nor the configuration know.
    #[error(
        "scope {scope:?} is declared by no operation and has no [scopes] entry{}: {at}", hint(nearest.as_deref())
    )]
    UnknownScope {
        /// The scope.
        scope: String,
        /// The known scope that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// Characters that the values of a family may not have.
    #[error("scope {scope:?} cannot have such values: {why}: {at}")]
    ValueCharacters {
        /// The family.
        scope: String,
        /// Why.
        why: String,
        /// Key and source.
        at: String,
    },
    /// A family that implies scopes.
    #[error(
        "scope {scope:?} has a value that each call chooses, so it implies nothing; give the scope that implies others another name: {at}"
    )]
    FamilyImplies {
        /// The family.
        scope: String,
        /// Key and source.
        at: String,
    },
    /// Two scopes that one text may be.
    #[error(
        "a value can make scope {scope:?} the same as scope {other:?}, so who holds the one would hold the other; name one of them \
         otherwise: {at}"
    )]
    OverlappingScopes {
        /// The family.
        scope: String,
        /// The other family, or a scope.
        other: String,
        /// Key and source.
        at: String,
    },
    /// Scopes that imply each other in a circle.
    #[error("{cycle}: {at}")]
    ImpliesCycle {
        /// The circle.
        cycle: Cycle,
        /// Key and source.
        at: String,
    },
    /// `offline_access` where scopes of this server belong.
    #[error(
        "\"offline_access\" is between a client and its issuer and is never a scope of a server; remove it: {at}"
    )]
    OfflineAccess {
        /// Key and source.
        at: String,
    },
}
