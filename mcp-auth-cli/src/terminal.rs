//! How every command speaks: results to standard output, everything else to standard error, colour where a
//! terminal reads it and `NO_COLOR` (or `CLICOLOR`, `CLICOLOR_FORCE`, `TERM=dumb`) does not forbid it.

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// Standard output and standard error.
#[derive(Debug)]
pub(crate) struct Terminal(());

impl Terminal {
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// A line of the result, to standard output. Styles are dropped where no terminal reads it.
    pub(crate) fn line(&self, line: impl Display) {
        written(writeln!(anstream::stdout().lock(), "{line}"));
    }

    /// A line beside the result (progress, a question, a hint), to standard error.
    pub(crate) fn note(&self, line: impl Display) {
        written(writeln!(anstream::stderr().lock(), "{line}"));
    }

    /// Why the command failed, with every cause.
    pub(crate) fn failure(&self, failure: &(dyn std::error::Error + 'static)) {
        let mut text = format!("{BAD}error:{BAD:#} {failure}");
        let mut source = failure.source();
        while let Some(cause) = source {
            text.push_str(&format!("\n  {DIM}because{DIM:#} {cause}"));
            source = cause.source();
        }
        self.note(text);
    }
}

/// A reader that went away (`mcp-auth doctor … | head`) ends the output, not the command.
fn written(_: io::Result<()>) {}

/// `text` in `style`.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
