//! Roles: names that the operator gives to callers by what their tokens claim, and sets of them.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest name of a role, in characters.
const LONGEST: usize = 128;

/// The name of one role: 1 to 128 of `A-Z a-z 0-9 _ . -`, as the name of a tool is. A clone shares the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(Arc<str>);

/// A string that is not the name of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRole {
    /// The string is empty or too long.
    #[error("the name of a role is 1 to {LONGEST} characters long; this has {0}")]
    Length(usize),
    /// The string has this character, which the grammar does not allow.
    #[error("the name of a role cannot contain {0:?}; it is 1 to {LONGEST} of A-Z a-z 0-9 _ . -")]
    Character(char),
}

impl Role {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        if let Some(other) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "_.-".contains(*c))) {
            return Err(InvalidRole::Character(other));
        }
        match text.len() {
            1..=LONGEST => Ok(Self(text.into())),
            length => Err(InvalidRole::Length(length)),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Role {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A set of roles, in a stable order; as text, separated by single spaces.
///
/// # Example
/// ```
/// use mcp_auth_core::{Role, RoleSet};
/// let held: RoleSet = ["viewer", "manager"].iter().filter_map(|name| name.parse().ok()).collect();
/// assert!(held.contains("manager") && !held.contains("owner"));
/// assert_eq!(held.iter().collect::<Vec<_>>(), ["manager", "viewer"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleSet(BTreeSet<Role>);

impl RoleSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// All roles of all these sets.
    pub fn union_of<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        sets.into_iter().flat_map(|set| set.0.iter().cloned()).collect()
    }

    /// Whether `role` is in the set.
    pub fn contains(&self, role: &str) -> bool {
        self.0.contains(role)
    }

    /// Whether the set has no roles.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of roles.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The names of the roles, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Role::as_str)
    }
}

impl fmt::Display for RoleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, role) in self.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}{role}")?;
        }
        Ok(())
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<I: IntoIterator<Item = Role>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl Extend<Role> for RoleSet {
    fn extend<I: IntoIterator<Item = Role>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

/// Clones share their text with the set.
impl<'a> IntoIterator for &'a RoleSet {
    type Item = &'a Role;
    type IntoIter = std::collections::btree_set::Iter<'a, Role>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_is_named_as_a_tool_is() {
        let longest = "x".repeat(128);
        for ok in ["a", "manager", "todo-managers", "eu.support_2", "-", &longest] {
            assert_eq!(ok.parse::<Role>().map(|role| role.to_string()), Ok(ok.to_owned()));
        }
        for (bad, why) in [
            ("", "is 1 to 128 characters long; this has 0"),
            (&"x".repeat(129), "is 1 to 128 characters long; this has 129"),
            ("a b", "cannot contain ' '"),
            ("a:b", "cannot contain ':'"),
            ("a/b", "cannot contain '/'"),
            ("\u{e4}", "cannot contain '\u{e4}'"),
            ("a\n", "cannot contain '\\n'"),
        ] {
            let error = bad.parse::<Role>().unwrap_err().to_string();
            assert!(error.contains(why), "{bad:?}: {error}");
        }
    }

    #[test]
    fn set_is_written_in_order_with_single_spaces() {
        let set: RoleSet = ["b", "a", "b"].iter().map(|name| name.parse().unwrap()).collect();
        assert_eq!((set.to_string().as_str(), set.len()), ("a b", 2));
        assert_eq!(RoleSet::new().to_string(), "");
    }
}
