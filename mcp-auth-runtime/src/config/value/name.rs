//! Names: one for people, and one that only may not be empty.

use std::str::FromStr;

use mcp_auth_core::seen::deceives;
use serde::{Deserialize, Serialize};

use super::{ValueError, schema};

/// A name for people: 1 to 100 characters, none of them invisible or changing the text around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

impl DisplayName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DisplayName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.trim().is_empty() || text.chars().count() > 100 || deceives(text) {
            return Err(ValueError::malformed(text, "1 to 100 visible characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for DisplayName {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        super::read_text(from, "a name in quotes")?.parse().map_err(serde::de::Error::custom)
    }
}

schema!(DisplayName, { "type": "string", "minLength": 1, "maxLength": 100 });

/// Text that is not empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct NonEmpty(String);

impl NonEmpty {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NonEmpty {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "" => Err(ValueError::Empty("write its name")),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for NonEmpty {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        super::read_text(from, "a name in quotes")?.parse().map_err(serde::de::Error::custom)
    }
}

schema!(NonEmpty, { "type": "string", "minLength": 1 });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_name_is_one_readable_line() {
        assert!("To-do list".parse::<DisplayName>().is_ok());
        for bad in ["", "  ", "a\nb", "a\u{200b}", "\u{202e}a", &"x".repeat(101)] {
            assert!(bad.parse::<DisplayName>().is_err(), "{bad:?}");
        }
    }
}
