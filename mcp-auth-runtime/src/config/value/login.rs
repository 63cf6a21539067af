//! Logins as the configuration writes them: how old one may be, and by what.

use std::fmt;
use std::str::FromStr;

use mcp_auth_core::{Acr, InvalidAcr};
use serde::{Serialize, Serializer};

use super::{ValueError, duration, text_value};

duration! {
    /// How old the login behind a token may be.
    LoginAge: 1 s to 30 d, default 1 d
}

/// One authentication context class reference (`acr`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcrValue(Acr);

impl AcrValue {
    /// The reference.
    pub fn acr(&self) -> &Acr {
        &self.0
    }
}

impl fmt::Display for AcrValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AcrValue {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse().map(Self).map_err(|invalid: InvalidAcr| ValueError::refused(text, invalid.to_string()))
    }
}

impl Serialize for AcrValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

text_value!(AcrValue, "an `acr` such as \"phr\"");
