//! The steps for people: a line each, the answer, and the verdict.

use mcp_auth_core::seen::shown_json;

use super::report::{Answer, Report, Verdict};
use crate::terminal::{BAD, Cell, DIM, GOOD, Table, Terminal, WARN, shown, styled};

pub(super) fn print(report: &Report, terminal: &Terminal) {
    let mut table = Table::indented(0);
    let mut above = "";
    for step in &report.steps {
        let label = if step.step == above { "" } else { step.step };
        above = step.step;
        let said = match &step.place {
            Some(place) => format!("{} ({place})", step.said),
            None => step.said.clone(),
        };
        table.row([Cell::styled(DIM, label), said.into()]);
    }
    terminal.table(&table);
    if let Some(answer) = &report.answer {
        print_answer(answer, terminal);
    }
    terminal.line(verdict(report));
    if let Some(then) = &report.then {
        terminal.line(shown(&then.compared));
    }
}

fn print_answer(answer: &Answer, terminal: &Terminal) {
    terminal.line("");
    if let Some(status) = answer.status {
        let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        terminal.line(format_args!("  HTTP {status} {}", reason.unwrap_or_default()));
    }
    for (name, value) in &answer.headers {
        terminal.line(format_args!("  {}: {}", shown(name), shown(value)));
    }
    terminal.line(format_args!("  {}", shown_json(&answer.body.to_string())));
    terminal.line("");
}

fn verdict(report: &Report) -> String {
    let supposing = report.supposing.join(" and ");
    match report.verdict {
        Verdict::Allowed => styled(GOOD, "allowed"),
        Verdict::AllowedIf => styled(GOOD, format!("would be allowed, if {}", shown(&supposing))),
        Verdict::Denied if supposing.is_empty() => styled(BAD, "denied"),
        Verdict::Denied => {
            format!("{}: as above if {}, else as an invalid token", styled(BAD, "denied"), shown(&supposing))
        }
        Verdict::Untold => styled(WARN, "could not be told"),
    }
}
