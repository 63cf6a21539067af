//! `[cors]`: which web pages may talk to the server from a browser.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::url::WebOrigin;
use super::value::{ValueError, duration, text_value};

duration! {
    /// How long a browser may remember a preflight answer.
    MaxAge: 0 s to 24 h, default 1 h
}

/// Which web pages may talk to the server from a browser.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Cors {
    /// Origins of web pages that may call the server, or `["*"]` for all of them (never on loopback, where a page
    /// could then use what only this machine should). Credentials are tokens in a header, never cookies. The
    /// default is none; on loopback, pages on loopback, so that local inspectors work.
    pub allowed_origins: Option<Vec<CorsOrigin>>,
    /// How long a browser may remember a preflight answer.
    pub max_age: MaxAge,
}

/// One origin, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigin {
    /// `*`.
    Any,
    /// This one.
    Exactly(WebOrigin),
}

impl CorsOrigin {
    /// As the configuration writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Exactly(origin) => origin.as_str(),
        }
    }
}

impl FromStr for CorsOrigin {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == "*" {
            Ok(Self::Any)
        } else {
            text.parse().map(Self::Exactly)
        }
    }
}

impl Serialize for CorsOrigin {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

text_value!(
    CorsOrigin,
    "an origin such as \"https://app.example.com\", or \"*\""
);
