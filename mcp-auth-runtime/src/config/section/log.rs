//! `[log]`: what is written to standard error, and how.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::config::value::{ValueError, keyword, text_value};
use crate::observe::log::LogFormat;

keyword! {
    /// The least important event that is written. **(default: `"info"`)**
    Level {
        /// What an operator wants to see of a server that works.
        Info = "info",
        /// Nothing.
        Off = "off",
        /// What failed.
        Error = "error",
        /// What is unusual.
        Warn = "warn",
        /// What a developer wants to see.
        Debug = "debug",
        /// Everything but what rmcp tells of each message.
        Trace = "trace",
    }
}

/// What is written to standard error.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Log {
    /// The least important event that is written: `off`, `error`, `warn`, `info`, `debug`, `trace`. rmcp, which
    /// logs every message, writes nothing below `warn` unless `filter` asks for it.
    pub level: Level,
    /// Levels by module instead, such as `"info,rmcp=debug"`; `level` is then not used.
    pub filter: Option<Filter>,
    /// How events are written: `text`, or `json` for one object per line.
    pub format: LogFormat,
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
            _ => {
                Err(ValueError::malformed(text, "levels such as \"info\" or \"info,mcp_auth_runtime=debug\""))
            }
        }
    }
}

text_value!(Filter, "levels such as \"info,mcp_auth_runtime=debug\"");

impl Log {
    /// The directives that decide what is written: `filter`, else `level` for everything but rmcp.
    pub fn directives(&self) -> String {
        match (&self.filter, self.level) {
            (Some(filter), _) => filter.as_str().to_owned(),
            (None, Level::Off | Level::Error | Level::Warn) => self.level.as_str().to_owned(),
            (None, Level::Info | Level::Debug | Level::Trace) => format!("{},rmcp=warn", self.level),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directives(level: Level, filter: Option<&str>) -> String {
        let filter = filter.map(|filter| filter.parse().unwrap());
        Log { level, filter, ..Log::default() }.directives()
    }

    #[test]
    fn a_level_does_not_make_rmcp_talk_and_a_filter_can() {
        assert_eq!(directives(Level::Info, None), "info,rmcp=warn");
        assert_eq!(directives(Level::Trace, None), "trace,rmcp=warn");
        assert_eq!(directives(Level::Debug, Some("info,rmcp=debug")), "info,rmcp=debug");
    }

    #[test]
    fn a_level_that_is_quieter_than_warn_is_quiet_for_rmcp_too() {
        assert_eq!(directives(Level::Off, None), "off");
        assert_eq!(directives(Level::Error, None), "error");
        assert_eq!(directives(Level::Warn, None), "warn");
    }
}
