//! The log: always to standard error (standard output may carry MCP), one line per event, and nothing in a
//! value can start a new line or move the cursor. Code that logs never waits for standard error (`queue`).

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use mcp_auth_core::seen;
use serde_json::json;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::panics;
use super::queue::Queue;

/// How events are written. **(default: `Text`)**
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One readable line each.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Directives that no filter understands.
#[derive(Debug, thiserror::Error)]
#[error("{directives:?} is not a log filter: {reason}")]
pub struct InvalidFilter {
    /// The directives, as configured.
    pub directives: String,
    /// What is wrong with them.
    pub reason: String,
}

/// Why the log could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The filter is not valid.
    #[error(transparent)]
    Filter(#[from] InvalidFilter),
    /// The system starts no thread.
    #[error("cannot start the thread that writes the log")]
    Thread(#[from] io::Error),
}

/// The log of this process. Dropping it waits until every line is written, for a second at most: standard error may
/// have no reader. So a panic that ends the program is in the log as well.
#[must_use = "lines that wait when the process ends are lost"]
#[derive(Debug)]
pub struct Log(Queue);

impl Log {
    /// How long the end of the process waits for standard error.
    const PATIENCE: Duration = Duration::from_secs(1);

    /// Waits as dropping does: for what ends the process without returning.
    pub(crate) fn finisher(&self) -> impl FnOnce() + Send + use<> {
        let queue = self.0.clone();
        move || queue.close(Self::PATIENCE)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.close(Self::PATIENCE);
    }
}

/// Starts the log of this process on standard error, panics included. If the program has already installed a log, that
/// one stays and gets the events.
///
/// - Shape: `directives` as `tracing_subscriber::EnvFilter` reads them: `info`, `info,mcp_auth_runtime=debug`.
///
/// # Errors
/// [`LogError`].
pub fn start(directives: &str, format: LogFormat) -> Result<Log, LogError> {
    let queue = Queue::default();
    let color =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    let subscriber = subscriber(directives, format, color, queue.clone())?;
    if subscriber.try_init().is_ok() {
        queue.write_to(io::stderr(), move |dropped| notice(format, dropped))?;
        panics::log_to(queue.clone());
    }
    Ok(Log(queue))
}

/// The line that says that lines were lost, as the subscriber would write it. It passes no filter: who keeps the audit
/// events only has to know that some are missing.
fn notice(format: LogFormat, dropped: u64) -> String {
    let (target, message) =
        (module_path!(), "lines of the log were lost since the start: standard error did not take them");
    let mut now = String::new();
    let _cannot_fail = SystemTime.format_time(&mut Writer::new(&mut now));
    match format {
        LogFormat::Text => format!("{now}  WARN {target}: {message} dropped={dropped}\n"),
        LogFormat::Json => {
            let fields = json!({ "message": message, "dropped": dropped });
            format!("{}\n", json!({ "timestamp": now, "level": "WARN", "fields": fields, "target": target }))
        }
    }
}

/// The subscriber itself, writing where it is told to.
fn subscriber<W>(
    directives: &str,
    format: LogFormat,
    color: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, InvalidFilter>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = filter(directives)
        .map_err(|error| InvalidFilter { directives: directives.to_owned(), reason: error.to_string() })?;
    // It would report on standard error that standard error is gone, and panic in the code that logs.
    let builder = tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter);
    Ok(match format {
        LogFormat::Text => {
            let fields = debug_fn(one_line).delimited(" ");
            Box::new(builder.with_ansi(color).with_writer(writer).fmt_fields(fields).finish())
        }
        LogFormat::Json => Box::new(builder.with_ansi(false).with_writer(PlainJson(writer)).json().finish()),
    })
}

/// What the directives let through, and panics unless that is nothing at all.
fn filter(directives: &str) -> Result<EnvFilter, ParseError> {
    let filter = EnvFilter::try_new(directives)?;
    match filter.max_level_hint() {
        Some(LevelFilter::OFF) => Ok(filter),
        _ => EnvFilter::try_new(format!("{}=error,{directives}", panics::TARGET)),
    }
}

/// Writes a field on the line it is on: what could leave it, or deceive, is escaped.
fn one_line(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let mut text = String::new();
    write!(text, "{value:?}")?;
    if field.name() != "message" {
        write!(writer, "{}=", field.name())?;
    }
    writer.write_str(&seen::shown(&text))
}

/// Escapes what JSON leaves as it is and a terminal does not: C1 controls and the like. In a JSON text
/// they stand inside strings only, so the escaped text means the same.
struct PlainJson<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for PlainJson<W> {
    type Writer = PlainJson<W::Writer>;
    fn make_writer(&'a self) -> Self::Writer {
        PlainJson(self.0.make_writer())
    }
}

impl<W: io::Write> io::Write for PlainJson<W> {
    /// Takes a whole event, as the subscriber writes it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(seen::shown_json(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::support::Buffer;
    use super::*;

    fn written(directives: &str, format: LogFormat, log: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = subscriber(directives, format, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, log);
        buffer.text()
    }

    fn hostile() {
        let evil = "a\u{1b}[31m\r\n2026 ERROR forged\u{202e}\u{9b}2J\u{61c}\u{e0041}";
        tracing::info!(shown = %evil, debugged = ?evil, text = evil, "{evil}");
        tracing::info_span!("span", name = %evil).in_scope(|| tracing::info!("inside"));
    }

    #[test]
    fn values_cannot_forge_lines_or_move_the_cursor() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let log = written("info", format, hostile);
            assert_eq!(log.lines().count(), 2, "{log:?}");
            assert!(!log.contains(['\u{1b}', '\r', '\u{9b}', '\u{202e}', '\u{61c}', '\u{e0041}']), "{log:?}");
            assert!(log.contains("forged"), "{log:?}");
        }
        let json = written("info", LogFormat::Json, hostile);
        let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
        assert_eq!(
            first["fields"]["message"],
            "a\u{1b}[31m\r\n2026 ERROR forged\u{202e}\u{9b}2J\u{61c}\u{e0041}"
        );
    }

    #[test]
    fn level_and_filter_decide_what_is_written() {
        let log = || {
            tracing::info!("usual");
            tracing::debug!(target: "other", "rare");
        };
        assert!(written("info", LogFormat::Text, log).contains("usual"));
        assert!(!written("info", LogFormat::Text, log).contains("rare"));
        assert!(written("warn,other=debug", LogFormat::Text, log).contains("rare"));
        assert!(!written("warn,other=debug", LogFormat::Text, log).contains("usual"));
        assert_eq!(written("off", LogFormat::Text, log), "");
        assert!(subscriber("a=b=c", LogFormat::Text, false, io::sink).is_err());
    }

    #[test]
    fn a_panic_passes_every_filter_but_off() {
        let log = || {
            tracing::error!(target: panics::TARGET, "panicked");
            tracing::error!("another");
        };
        for directives in ["mcp_auth::audit=info", "mcp_auth::audit=info,mcp_auth_runtime=off"] {
            let log = written(directives, LogFormat::Text, log);
            assert!(log.contains("panicked") && !log.contains("another"), "{directives}: {log}");
        }
        for directives in ["off", "mcp_auth::audit=off"] {
            assert_eq!(written(directives, LogFormat::Text, log), "", "{directives}");
        }
    }

    #[test]
    fn text_names_its_fields_and_json_is_json() {
        let log = || tracing::info!(port = 1, name = "x", "listening");
        let text = written("info", LogFormat::Text, log);
        assert!(text.trim_end().ends_with("listening port=1 name=\"x\""), "{text:?}");
        let json: serde_json::Value = serde_json::from_str(&written("info", LogFormat::Json, log)).unwrap();
        assert_eq!(json["fields"]["message"], "listening");
        assert_eq!(json["fields"]["port"], 1);
    }
    #[test]
    fn the_notice_of_lost_lines_looks_like_every_other_line() {
        let event = || {
            let message = "lines of the log were lost since the start: standard error did not take them";
            tracing::warn!(target: "mcp_auth_runtime::observe::log", dropped = 3_u64, "{message}");
        };
        let untimed = |line: &str| line.split_once(' ').map(|(_, rest)| rest.to_owned());
        let text = written("warn", LogFormat::Text, event);
        assert_eq!(untimed(&notice(LogFormat::Text, 3)), untimed(&text));
        let parsed = |line: &str| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(line["timestamp"].take().as_str().unwrap().ends_with('Z'), "{line}");
            line
        };
        let json = written("warn", LogFormat::Json, event);
        assert_eq!(parsed(&notice(LogFormat::Json, 3)), parsed(&json));
        assert!(notice(LogFormat::Json, 3).ends_with("}\n"));
    }
}
