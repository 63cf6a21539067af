//! One scope of a rule: as it is, or with places that each call fills.

use std::fmt;

use mcp_auth_core::{Scope, ScopeTemplate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One scope that a rule names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeTerm {
    /// This scope.
    Scope(Scope),
    /// The scope that the arguments of a call make of this.
    Template(ScopeTemplate),
}

impl ScopeTerm {
    /// The scope, if it is the same for every call.
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Scope(scope) => Some(scope),
            Self::Template(_) => None,
        }
    }

    /// The template, if each call fills it.
    pub fn template(&self) -> Option<&ScopeTemplate> {
        match self {
            Self::Scope(_) => None,
            Self::Template(template) => Some(template),
        }
    }
}

impl From<Scope> for ScopeTerm {
    fn from(scope: Scope) -> Self {
        Self::Scope(scope)
    }
}

/// With a brace in it, it is a template.
impl std::str::FromStr for ScopeTerm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match ScopeTemplate::is_written_in(text) {
            true => text.parse().map(Self::Template).map_err(|wrong| format!("scope {text:?}: {wrong}")),
            false => text.parse().map(Self::Scope).map_err(|wrong| format!("scope {text:?}: {wrong}")),
        }
    }
}

/// As it is written.
impl fmt::Display for ScopeTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) => scope.fmt(f),
            Self::Template(template) => template.fmt(f),
        }
    }
}

impl Serialize for ScopeTerm {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeTerm {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
