//! How every command speaks: results to standard output, everything else to standard error, colour where a
//! terminal reads it and `NO_COLOR` (or `CLICOLOR`, `CLICOLOR_FORCE`, `TERM=dumb`) does not forbid it.
//!
//! - `json`: JSON with text from outside in it.
//! - `shown` and its like are of `mcp_auth_core::seen`: whatever a server, a file or a token says goes through them.
//! - `wrap`: how wide text is on a terminal, and where its lines break.
//! - `table`: aligned columns.

mod json;
mod table;
mod wrap;

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};

use anstyle::{AnsiColor, Style};

pub(crate) use json::json;
pub(crate) use mcp_auth_core::seen::{shown, shown_line, shown_lines};
pub(crate) use table::{Cell, Table};
pub(crate) use wrap::wrapped_at_spaces;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// The least width worth breaking lines for.
const NARROWEST: usize = 30;

/// Standard output and standard error.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Columns; none where no terminal reads, and lines stay whole.
    width: Option<usize>,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self { width: width() }
    }

    /// How wide a text may be; none where no terminal reads, and lines stay whole.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// A line of the result, to standard output. Styles are dropped where no terminal reads it.
    pub(crate) fn line(&self, line: impl Display) {
        written(writeln!(anstream::stdout().lock(), "{line}"));
    }

    /// A line beside the result (progress, a question, a hint), to standard error.
    pub(crate) fn note(&self, line: impl Display) {
        written(writeln!(anstream::stderr().lock(), "{line}"));
    }

    /// A table as the result, its last column broken to the terminal's width.
    pub(crate) fn table<const N: usize>(&self, table: &Table<N>) {
        for line in table.lines(self.width) {
            self.line(line);
        }
    }

    /// `text` as part of the result behind `head`, broken to the terminal's width; its further lines start where
    /// the text started. `head` may be styled; `text` is escaped.
    pub(crate) fn hanging(&self, head: &str, text: &str) {
        let indent = wrap::width(head);
        let mut lines =
            wrap::wrapped(&shown(text), self.width.map(|width| width.saturating_sub(indent))).into_iter();
        self.line(format_args!("{head}{}", lines.next().unwrap_or_default()));
        for line in lines {
            self.line(format_args!("{:indent$}{line}", ""));
        }
    }

    /// Why the command failed, with every cause. Escapes what the texts hold.
    pub(crate) fn failure(&self, failure: &(dyn std::error::Error + 'static)) {
        let mut text = format!("{BAD}error:{BAD:#} {}", shown_lines(&failure.to_string()));
        let mut source = failure.source();
        while let Some(cause) = source {
            text.push_str(&format!("\n  {DIM}because{DIM:#} {}", shown_lines(&cause.to_string())));
            source = cause.source();
        }
        self.note(text);
    }
}

/// `COLUMNS`, else what the terminal says.
fn width() -> Option<usize> {
    let stated = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || {
        let stdout = io::stdout();
        let (width, _) = stdout.is_terminal().then(|| terminal_size::terminal_size_of(&stdout))??;
        Some(usize::from(width.0))
    };
    stated.or_else(measured).filter(|columns| *columns >= NARROWEST)
}

/// A reader that went away (`mcp-auth doctor … | head`) ends the output, not the command.
fn written(_: io::Result<()>) {}

/// `text` in `style`.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
