//! `[scopes."x"]`: what a scope means, and which narrower ones it implies.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::ScopeToken;

/// Every configured scope by name.
pub type Scopes = BTreeMap<ScopeToken, ScopeEntry>;

/// What one scope means.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ScopeEntry {
    /// What it lets a client do, for the consent page and the docs.
    pub description: Option<String>,
    /// Narrower scopes a token with this one holds as well, and all that those imply. Circles are refused.
    pub implies: Vec<ScopeToken>,
}
