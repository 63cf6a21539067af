//! Standard output and standard error, as wide as they are.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};

use super::style::{BAD, DIM};
use super::table::Table;
use super::{shown, shown_lines, wrap};

/// Lines are not broken for a terminal narrower than this many columns.
const NARROWEST: usize = 30;

/// Standard output and standard error.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// The width in columns; `None` if no terminal reads the output, so that lines are not broken.
    width: Option<usize>,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self { width: width() }
    }

    /// The width for text, in columns; `None` if no terminal reads the output, so that lines are not broken.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Prints a line of the result to standard output. Styles are removed if no terminal reads it.
    pub(crate) fn line(&self, line: impl Display) {
        written(writeln!(anstream::stdout().lock(), "{line}"));
    }

    /// Prints a line beside the result (progress, a question, a hint) to standard error.
    pub(crate) fn note(&self, line: impl Display) {
        written(writeln!(anstream::stderr().lock(), "{line}"));
    }

    /// Prints a table as the result, its last column broken to fit the terminal's width.
    pub(crate) fn table<const N: usize>(&self, table: &Table<N>) {
        for line in table.lines(self.width) {
            self.line(line);
        }
    }

    /// Prints `text` as part of the result after `head`, broken to the terminal's width; further lines start in the
    /// same column as the text. `head` may be styled; `text` is escaped.
    pub(crate) fn hanging(&self, head: &str, text: &str) {
        let indent = wrap::width(head);
        let mut lines =
            wrap::wrapped(&shown(text), self.width.map(|width| width.saturating_sub(indent))).into_iter();
        self.line(format_args!("{head}{}", lines.next().unwrap_or_default()));
        for line in lines {
            self.line(format_args!("{:indent$}{line}", ""));
        }
    }

    /// Prints why the command failed, with every cause, escaped.
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

/// The width from `COLUMNS`, else from the terminal.
fn width() -> Option<usize> {
    let stated = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || {
        let stdout = io::stdout();
        let (width, _) = stdout.is_terminal().then(|| terminal_size::terminal_size_of(&stdout))??;
        Some(usize::from(width.0))
    };
    stated.or_else(measured).filter(|columns| *columns >= NARROWEST)
}

/// Ignores write errors: if the reader closes the output (`mcp-auth doctor … | head`), the command continues.
fn written(_: io::Result<()>) {}
