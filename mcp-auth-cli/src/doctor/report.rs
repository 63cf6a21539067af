//! Prints the report: one line per step for people, one document for programs.

use std::process::ExitCode;

use serde::Serialize;

use super::diagnosis::Diagnosis;
use super::step::{Step, Verdict};
use crate::terminal::{BAD, DIM, GOOD, STRONG, Terminal, WARN, shown, styled, wrapped_at_spaces};

/// The widest line that is easy to read, in columns.
const WIDEST: usize = 120;

/// If more steps than this are skipped, they are counted and not named.
const MANY: usize = 8;

/// The whole report.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    pub(crate) url: &'a str,
    pub(crate) steps: Vec<Step>,
    pub(crate) diagnosis: Diagnosis,
    /// The exit code: 0 if nothing failed, 1 if something failed.
    pub(crate) exit: u8,
}

impl<'a> Report<'a> {
    pub(crate) fn new(url: &'a str, steps: Vec<Step>) -> Self {
        let exit = u8::from(steps.iter().any(Step::failed));
        Self { url, diagnosis: super::diagnosis::diagnose(&steps), steps, exit }
    }

    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(self.exit)
    }

    pub(crate) fn show(&self, terminal: &Terminal) {
        for line in self.lines(terminal.width().map(|width| width.min(WIDEST))) {
            terminal.line(line);
        }
    }

    fn lines(&self, width: Option<usize>) -> Vec<String> {
        let mut lines = vec![styled(STRONG, shown(self.url)), String::new()];
        let names = self.steps.iter().filter(|step| step.verdict != Verdict::Skipped);
        let column = names.map(|step| step.step.len()).max().unwrap_or_default();
        let indent = "skipped".len() + 2 + column + 2;
        let mut rest = self.steps.as_slice();
        let mut about = None;
        while let Some(step) = rest.first() {
            if step.about != about {
                about.clone_from(&step.about);
                lines.extend(about.iter().map(|about| styled(DIM, format!("{:9}{about}", ""))));
            }
            if step.verdict == Verdict::Skipped {
                let alike = rest.iter().take_while(|other| {
                    other.verdict == Verdict::Skipped && other.seen == step.seen && other.about == step.about
                });
                let names: Vec<&str> = alike.map(|other| other.step).collect();
                rest = &rest[names.len()..];
                let what =
                    if names.len() > MANY { format!("{} more steps", names.len()) } else { names.join(", ") };
                let text = format!("{what}: {}", step.seen);
                let wrapped = wrapped_at_spaces(&text, beside(9, width));
                lines.extend(wrapped.into_iter().enumerate().map(|(index, line)| {
                    let word = if index == 0 { "skipped" } else { "" };
                    styled(DIM, format!("{word:<7}  {line}"))
                }));
                continue;
            }
            rest = &rest[1..];
            lines.extend(step_lines(step, column, indent, width));
        }
        lines.push(String::new());
        lines.extend(self.diagnosis_lines(width));
        lines
    }

    fn diagnosis_lines(&self, width: Option<usize>) -> Vec<String> {
        let style = match (self.exit, self.diagnosis.step) {
            (0, None) => GOOD,
            (0, Some(_)) => WARN,
            _ => BAD,
        };
        let mut lines = labelled("diagnosis", &self.diagnosis.text, 0, width, style);
        if let Some(fix) = &self.diagnosis.fix {
            lines.extend(labelled("fix", fix, 6, width, STRONG));
        }
        lines
    }
}

fn step_lines(step: &Step, column: usize, indent: usize, width: Option<usize>) -> Vec<String> {
    let style = match step.verdict {
        Verdict::Ok => GOOD,
        Verdict::Warn => WARN,
        Verdict::Fail => BAD,
        Verdict::Skipped => DIM,
    };
    let mut lines = Vec::new();
    for (index, text) in wrapped_at_spaces(&step.seen, beside(indent, width)).into_iter().enumerate() {
        lines.push(if index == 0 {
            format!(
                "{}  {:<column$}  {text}",
                styled(style, format!("{:<7}", step.verdict.word())),
                step.step
            )
        } else {
            format!("{:indent$}{text}", "")
        });
    }
    if let Some(fix) = &step.fix {
        lines.extend(labelled("fix", fix, indent, width, STRONG));
        lines.push(styled(DIM, format!("{:indent$}see: {}", "", step.source)));
    }
    lines
}

/// `label: text`, wrapped, with the text in one column.
fn labelled(
    label: &str,
    text: &str,
    indent: usize,
    width: Option<usize>,
    style: anstyle::Style,
) -> Vec<String> {
    let hang = indent + label.len() + 2;
    let wrapped = wrapped_at_spaces(text, beside(hang, width));
    let line = |(index, text): (usize, String)| match index {
        0 => format!("{:indent$}{} {text}", "", styled(style, format!("{label}:"))),
        _ => format!("{:hang$}{text}", ""),
    };
    wrapped.into_iter().enumerate().map(line).collect()
}

/// The width that is left beside `indent`; always enough for a word.
fn beside(indent: usize, width: Option<usize>) -> Option<usize> {
    width.map(|width| width.saturating_sub(indent).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::checks::{CHALLENGE, PKCE, RESOURCE, TOKEN_FORMAT, TOKEN_ISSUER};

    #[test]
    fn verdicts_and_names_stand_in_columns_and_the_fix_below() {
        let steps = vec![
            CHALLENGE.ok("a challenge"),
            RESOURCE.fail("one two three four five six seven eight nine ten", "set it"),
            TOKEN_FORMAT.skipped("no --token was given"),
            TOKEN_ISSUER.skipped("no --token was given"),
        ];
        let lines = Report::new("https://a.example/mcp", steps).lines(Some(60));
        let plain: Vec<String> =
            lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert_eq!(
            plain,
            [
                "https://a.example/mcp",
                "",
                "ok       challenge  a challenge",
                "fail     resource   one two three four five six seven eight",
                "                    nine ten",
                "                    fix: set it",
                "                    see: RFC 9728 §3.3",
                "skipped  token-format, token-issuer: no --token was given",
                "",
                "diagnosis: resource: one two three four five six seven eight",
                "           nine ten",
                "      fix: set it",
            ]
        );
    }

    #[test]
    fn the_exit_code_follows_failures_and_not_warnings() {
        assert_eq!(Report::new("u", vec![PKCE.warn("w", "f")]).exit, 0);
        assert_eq!(Report::new("u", vec![PKCE.fail("w", "f")]).exit, 1);
    }
}
