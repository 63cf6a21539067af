//! `[scopes."x"]`: what a scope means, and which narrower ones it implies.

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::{ValueError, text_value};
use mcp_auth_core::{Scope, ScopeSet};

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

/// One scope token (RFC 6749 §3.3). `{` and `}` are reserved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ScopeToken(Scope);

impl ScopeToken {
    /// The scope.
    pub fn scope(&self) -> &Scope {
        &self.0
    }

    /// The scope's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for ScopeToken {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.contains(['{', '}']) {
            return Err(ValueError::refused(text, "{ and } are reserved in scopes"));
        }
        if text.contains(' ') {
            let why = "a scope cannot contain a space (RFC 6749 section 3.3); write one string per scope";
            return Err(ValueError::refused(text, why));
        }
        text.parse()
            .map(Self)
            .map_err(|e: mcp_auth_core::InvalidScope| ValueError::refused(text, e.to_string()))
    }
}

text_value!(ScopeToken, "a scope such as \"todos.read\"");

/// The scopes of a list.
pub(in crate::config) fn set<'a>(tokens: impl IntoIterator<Item = &'a ScopeToken>) -> ScopeSet {
    tokens.into_iter().map(|token| token.0.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_token_says_which_rule_it_breaks() {
        assert!("todos.write".parse::<ScopeToken>().is_ok());
        for (bad, why) in
            [("", "empty"), ("a b", "one string per scope"), ("a\"", "'\"'"), ("files:{x}", "reserved")]
        {
            match bad.parse::<ScopeToken>() {
                Ok(_) => panic!("{bad:?} was accepted"),
                Err(error) => assert!(error.to_string().contains(why), "{error}"),
            }
        }
    }
}
