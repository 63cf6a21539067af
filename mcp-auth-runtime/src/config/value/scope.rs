//! Scope tokens (RFC 6749 §3.3) as the configuration writes them.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use mcp_auth_core::{Scope, ScopeFamily, ScopeSet, ScopeTemplate};
use serde::Serialize;

use super::{ValueError, text_value};

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

impl fmt::Display for ScopeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// So that scopes are found in a map by their plain type. Both compare alike.
impl Borrow<Scope> for ScopeToken {
    fn borrow(&self) -> &Scope {
        &self.0
    }
}

impl FromStr for ScopeToken {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.contains(['{', '}']) {
            return Err(ValueError::refused(
                text,
                "{ and } are reserved in scopes: write the scope with its value",
            ));
        }
        if text.contains(' ') {
            let mut why = "a scope cannot contain a space (RFC 6749 section 3.3); write one string per scope"
                .to_owned();
            if let Some(each) = Scope::each_of(text) {
                let each: Vec<String> = each.iter().map(|scope| format!("\"{scope}\"")).collect();
                why = format!("{why}: {}", each.join(", "));
            }
            return Err(ValueError::refused(text, why));
        }
        text.parse()
            .map(Self)
            .map_err(|e: mcp_auth_core::InvalidScope| ValueError::refused(text, e.to_string()))
    }
}

text_value!(ScopeToken, "a scope such as \"todos.read\"");

/// What a table in `[scopes]` is about: one scope, or the family of those that calls fill, with `{}` for each value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ScopeName {
    scope: Scope,
    #[serde(skip)]
    family: Option<ScopeFamily>,
}

impl ScopeName {
    /// Its text as one scope. That of a family is never one that a token holds.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.scope.as_str()
    }

    /// The family, if it is one.
    pub fn family(&self) -> Option<&ScopeFamily> {
        self.family.as_ref()
    }
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// So that scopes are found in a map by their plain type. Both compare alike: the family follows from the text.
impl Borrow<Scope> for ScopeName {
    fn borrow(&self) -> &Scope {
        &self.scope
    }
}

impl FromStr for ScopeName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if !ScopeTemplate::is_written_in(text) {
            return text.parse().map(|token: ScopeToken| Self { scope: token.0, family: None });
        }
        let refused = |why: String| ValueError::refused(text, why);
        let family: ScopeFamily = text.parse().map_err(|wrong| refused(format!("{wrong}")))?;
        let scope = Scope::new(text.to_owned()).map_err(|wrong| refused(wrong.to_string()))?;
        Ok(Self { scope, family: Some(family) })
    }
}

text_value!(ScopeName, "a scope such as \"todos.read\", or a family such as \"files:{}:read\"");

/// What stands in front of scopes: the beginning of a scope token that ends with no letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ScopePrefixText(String);

impl ScopePrefixText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ScopePrefixText {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse::<ScopeToken>()?;
        if text.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            let why = "it ends with / or another sign, or a longer name would begin with it too";
            return Err(ValueError::refused(text, why));
        }
        Ok(Self(text.to_owned()))
    }
}

text_value!(ScopePrefixText, "what stands in front of scopes, such as \"api://todos/\"");

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

    #[test]
    fn t73_a_prefix_ends_where_no_longer_name_goes_on() {
        for ok in ["api://todos/", "https://www.example.com/auth/", "urn:x:", "todos."] {
            assert!(ok.parse::<ScopePrefixText>().is_ok(), "{ok}");
        }
        for bad in ["", "todos", "api://todos", "a b/", "a\"/", "{x}/", "\u{e9}/", "a\n"] {
            assert!(bad.parse::<ScopePrefixText>().is_err(), "{bad:?}");
        }
    }
}
