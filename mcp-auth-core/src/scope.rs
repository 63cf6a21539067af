//! Scope tokens (RFC 6749 §3.3), and sets of them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

/// One scope token: one or more of `%x21 / %x23-5B / %x5D-7E` (RFC 6749 §3.3).
///
/// # Example
/// ```
/// use mcp_auth_core::Scope;
/// assert!(Scope::new("todos.write").is_ok());
/// assert!(Scope::new("todos read").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Scope(Cow<'static, str>);

/// A string that is not a valid scope token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// The string is empty.
    #[error("a scope cannot be empty (RFC 6749 section 3.3)")]
    Empty,
    /// The string has this character, which the grammar does not allow.
    #[error("a scope cannot contain {0:?} (RFC 6749 section 3.3)")]
    Character(char),
}

impl Scope {
    /// Checks `token` against the grammar of RFC 6749 §3.3.
    ///
    /// # Errors
    /// [`InvalidScope`] names the first character that is not allowed.
    pub fn new(token: impl Into<Cow<'static, str>>) -> Result<Self, InvalidScope> {
        let token = token.into();
        if token.is_empty() {
            return Err(InvalidScope::Empty);
        }
        match token.chars().find(|c| !is_scope_char(*c)) {
            Some(bad) => Err(InvalidScope::Character(bad)),
            None => Ok(Self(token)),
        }
    }

    /// The scopes of a text with spaces between them, as the `scope` of a request has them (RFC 6749 §3.3); none unless
    /// each of several is one.
    pub fn each_of(text: &str) -> Option<Vec<Self>> {
        let each: Result<Vec<Self>, InvalidScope> =
            text.split(' ').filter(|part| !part.is_empty()).map(|part| Self::new(part.to_owned())).collect();
        each.ok().filter(|each| each.len() > 1)
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `%x21 / %x23-5B / %x5D-7E`: printable ASCII without space, `"` and `\`.
fn is_scope_char(c: char) -> bool {
    matches!(c, '\u{21}' | '\u{23}'..='\u{5B}' | '\u{5D}'..='\u{7E}')
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Scope {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Scope {
    type Err = InvalidScope;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::new(s.to_owned())
    }
}

impl<'de> serde::Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(text).map_err(serde::de::Error::custom)
    }
}

/// A set of scopes, in a stable order; as text, separated by single spaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(BTreeSet<Scope>);

impl ScopeSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// Reads a `scope` value: tokens separated by U+0020 only. A token outside the grammar names no
    /// declared scope and is left out, so it can grant nothing.
    pub fn parse_lossy(text: &str) -> Self {
        text.split(' ').filter_map(|token| token.parse().ok()).collect()
    }

    /// Whether `scope` is in the set.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Adds `scope`; true if it was not in the set before.
    pub fn insert(&mut self, scope: Scope) -> bool {
        self.0.insert(scope)
    }

    /// Whether the set has no scopes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of scopes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The scopes that `other` has too.
    #[must_use]
    pub fn in_common(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl Extend<Scope> for ScopeSet {
    fn extend<I: IntoIterator<Item = Scope>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

impl IntoIterator for ScopeSet {
    type Item = Scope;
    type IntoIter = std::collections::btree_set::IntoIter<Scope>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a ScopeSet {
    type Item = &'a Scope;
    type IntoIter = std::collections::btree_set::Iter<'a, Scope>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_grammar_is_rfc_6749_section_3_3() {
        for ok in ["a", "todos.write", "files:read", "!", "~", "{", "https://x/y"] {
            assert!(Scope::new(ok).is_ok(), "{ok}");
        }
        for bad in ["", " ", "a b", "a\"b", "a\\b", "a\tb", "\u{7f}", "é", "a\u{a0}b", "\u{2003}"] {
            assert!(Scope::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn t49_scope_value_is_split_on_the_space_only() {
        let held = ScopeSet::parse_lossy("a\tadmin b\u{a0}admin c,admin d  e \"admin\"");
        assert_eq!(held.to_string(), "c,admin d e");
        assert!(!held.contains("admin"));
    }
}
