//! `[log]`: what is written to standard error, and how.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::value::{ValueError, keyword, text_value};

keyword! {
    /// The least important event that is written. **(default: `"info"`)**
    Level {
        /// What an operator wants to see of a healthy server.
        Info = "info",
        /// Nothing.
        Off = "off",
        /// What failed.
        Error = "error",
        /// What is odd.
        Warn = "warn",
        /// What a developer wants to see.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

keyword! {
    /// How events are written. **(default: `"text"`)**
    Format {
        /// One readable line each.
        Text = "text",
        /// One JSON object per line.
        Json = "json",
    }
}

/// What is written to standard error.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Log {
    /// The least important event that is written: `off`, `error`, `warn`, `info`, `debug`, `trace`.
    pub level: Level,
    /// Levels by module instead, such as `"info,mcp_auth_runtime=debug"`; `level` is then not used.
    pub filter: Option<Filter>,
    /// How events are written: `text`, or `json` for one object per line.
    pub format: Format,
}

/// Levels by module, in the syntax of `tracing_subscriber::EnvFilter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Filter(String);

impl Filter {
    /// The directives' text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Filter {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match EnvFilter::try_new(text) {
            Ok(_) if !text.trim().is_empty() => Ok(Self(text.to_owned())),
            _ => Err(ValueError::malformed(
                text,
                "levels such as \"info\" or \"info,mcp_auth_runtime=debug\"",
            )),
        }
    }
}

text_value!(Filter, "levels such as \"info,mcp_auth_runtime=debug\"");

impl Log {
    /// The directives that decide what is written: `filter`, else `level`.
    pub fn directives(&self) -> &str {
        self.filter.as_ref().map_or(self.level.as_str(), Filter::as_str)
    }
}
