//! `[scopes."x"]`: what a scope means, and which narrower ones it implies. `[scopes."x:{}"]`: the same of a family.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::{ScopeName, ScopeToken};

/// Every configured scope by name.
pub type Scopes = BTreeMap<ScopeName, ScopeEntry>;

/// What one scope means; with `{}` in its name (`[scopes."files:{}:read"]`), the scopes that calls fill.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ScopeEntry {
    /// What it lets a client do, for the consent page and the docs.
    pub description: Option<String>,
    /// Narrower scopes a token with this one holds as well, and all that those imply. Circles are refused.
    pub implies: Vec<ScopeToken>,
    /// Of a family: characters that its values may have besides letters, digits, `.`, `_`, `~` and `-`. None that stands in the
    /// scope itself: a value could be read as another scope.
    pub value_characters: Option<String>,
}
