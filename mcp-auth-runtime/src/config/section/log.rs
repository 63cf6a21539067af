//! `[log]`: what is written to standard error, and how.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::server::Transport;
use crate::config::value::{ValueError, keyword, text_value};
use crate::observe::log::LogFormat;

keyword! {
    /// The least important event that is written. **(default: `"info"`; over stdio `"warn"`, and `"info"` for
    /// `mcp_auth::audit`)**
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
    /// logs every message, writes nothing below `warn` unless `filter` asks for it. Without this key `info`; over
    /// stdio, where some clients show what a server logs, `warn`, and `info` for `mcp_auth::audit`.
    pub level: Option<Level>,
    /// Levels by module instead, such as `"info,mcp_auth_runtime=debug"`; `level` is then not used. rmcp writes whole messages, with
    /// the arguments of calls and what clients bring back: it still writes nothing below `warn`, unless the filter names it.
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

impl Filter {
    /// The directives, which let rmcp write whole messages only where they name it.
    fn without_messages(&self) -> String {
        let directives = self.as_str();
        let most = EnvFilter::try_new(directives).ok().and_then(|filter| filter.max_level_hint());
        let is_quiet = most.is_some_and(|most| most <= LevelFilter::WARN);
        match is_quiet || directives.contains("rmcp") {
            true => directives.to_owned(),
            false => format!("{directives},rmcp=warn"),
        }
    }
}

text_value!(Filter, "levels such as \"info,mcp_auth_runtime=debug\"");

impl Log {
    /// The directives that decide what is written: `filter`, else `level` for everything but rmcp.
    pub fn directives(&self, transport: Transport) -> String {
        if let Some(filter) = &self.filter {
            return filter.without_messages();
        }
        let level = match (self.level, transport) {
            (Some(level), _) => level,
            (None, Transport::Http) => Level::Info,
            (None, Transport::Stdio) => return "warn,mcp_auth::audit=info".to_owned(),
        };
        match level {
            Level::Off | Level::Error | Level::Warn => level.as_str().to_owned(),
            Level::Info | Level::Debug | Level::Trace => format!("{level},rmcp=warn"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directives(level: Level, filter: Option<&str>) -> String {
        let filter = filter.map(|filter| filter.parse().unwrap());
        Log { level: Some(level), filter, ..Log::default() }.directives(Transport::Http)
    }

    #[test]
    fn a_level_does_not_make_rmcp_talk_and_a_filter_can() {
        assert_eq!(directives(Level::Info, None), "info,rmcp=warn");
        assert_eq!(directives(Level::Trace, None), "trace,rmcp=warn");
        assert_eq!(directives(Level::Debug, Some("info,rmcp=debug")), "info,rmcp=debug");
        assert_eq!(directives(Level::Debug, Some("trace")), "trace,rmcp=warn");
        assert_eq!(directives(Level::Debug, Some("error")), "error");
    }

    #[test]
    fn without_a_level_a_server_over_stdio_writes_warnings_and_what_it_decided() {
        assert_eq!(Log::default().directives(Transport::Http), "info,rmcp=warn");
        assert_eq!(Log::default().directives(Transport::Stdio), "warn,mcp_auth::audit=info");
        let loud = Log { level: Some(Level::Info), ..Log::default() };
        assert_eq!(loud.directives(Transport::Stdio), "info,rmcp=warn");
    }

    #[test]
    fn a_level_that_is_quieter_than_warn_is_quiet_for_rmcp_too() {
        assert_eq!(directives(Level::Off, None), "off");
        assert_eq!(directives(Level::Error, None), "error");
        assert_eq!(directives(Level::Warn, None), "warn");
    }
}
