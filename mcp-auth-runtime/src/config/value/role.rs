//! Names of roles as the configuration writes them.

use std::fmt;
use std::str::FromStr;

use mcp_auth_core::{InvalidRole, Role};
use serde::{Serialize, Serializer};

use super::{ValueError, text_value};

/// The name of one role: 1 to 128 of `A-Z a-z 0-9 _ . -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(Role);

impl RoleName {
    /// The role.
    pub fn role(&self) -> &Role {
        &self.0
    }

    /// The role's name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RoleName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse().map(Self).map_err(|invalid: InvalidRole| ValueError::refused(text, invalid.to_string()))
    }
}

impl Serialize for RoleName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

text_value!(RoleName, "a role such as \"manager\"");
