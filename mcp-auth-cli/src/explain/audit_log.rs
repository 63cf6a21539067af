//! The audit events of one request in a log of JSON, one object a line, as `format = "json"` in `[log]` writes it and as programs with
//! a log of their own do. Everything in it is strangers' text.

use std::io::{BufRead, Read as _};

use serde_json::{Map, Value};

/// The longest line that is looked at, in bytes: no audit event comes near it.
const LONGEST_LINE: u64 = 1024 * 1024;
/// The target of audit events.
const TARGET: &str = "mcp_auth::audit";

/// What a log says of a request.
#[derive(Debug, Default)]
pub(super) struct AuditLog {
    /// Its audit events, in the order of the log.
    pub(super) events: Vec<Event>,
    /// How many audit events of any request there are.
    pub(super) audited: usize,
    /// How many of those say no request.
    pub(super) unnamed: usize,
    /// How many lines are not JSON, or longer than any event.
    pub(super) unread: usize,
    /// The time of the first audit event, and of the last.
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// One audit event: a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) at: Option<String>,
    fields: Map<String, Value>,
}

impl AuditLog {
    /// Reads all of a log for one request.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(super) fn read(mut log: impl BufRead, request_id: &str) -> std::io::Result<Self> {
        let (mut all, mut line) = (Self::default(), Vec::new());
        loop {
            line.clear();
            if log.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(all);
            }
            if line.len() as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
                log.skip_until(b'\n')?;
                all.unread += 1;
            } else {
                all.take(&line, request_id);
            }
        }
    }

    fn take(&mut self, line: &[u8], request_id: &str) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        let Ok(line) = serde_json::from_slice::<Map<String, Value>>(line) else {
            self.unread += 1;
            return;
        };
        let Some(event) = Event::of(line) else { return };
        self.audited += 1;
        self.from = self.from.take().or_else(|| event.at.clone());
        self.to = event.at.clone().or_else(|| self.to.take());
        match event.text("request_id") {
            None => self.unnamed += 1,
            Some(id) if id == request_id => self.events.push(event),
            Some(_) => {}
        }
    }
}

impl Event {
    /// The event of a line, if it is one of the audit. Its fields stand in `fields`, or beside the rest where a program's log is flat.
    fn of(mut line: Map<String, Value>) -> Option<Self> {
        if line.get("target").is_some_and(|target| target != TARGET) {
            return None;
        }
        let at = line.get("timestamp").and_then(Value::as_str).map(str::to_owned);
        let fields = match line.remove("fields") {
            Some(Value::Object(fields)) => fields,
            _ => line,
        };
        let event = Self { at, fields };
        (event.text("decision").is_some() && event.text("operation").is_some()).then_some(event)
    }

    /// A field that is text. What clients chose is written as Rust writes it in quotes: the text in them.
    pub(super) fn text(&self, field: &str) -> Option<String> {
        let text = self.fields.get(field)?.as_str()?;
        Some(unquoted(text).unwrap_or_else(|| text.to_owned()))
    }

    /// A field that is a whole number.
    pub(super) fn number(&self, field: &str) -> Option<u64> {
        self.fields.get(field)?.as_u64()
    }

    /// A field that is yes or no.
    pub(super) fn is(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|value| *value == Value::Bool(true) || *value == "true")
    }

    /// What tells the requests apart that say one id.
    pub(super) fn is_of_the_request_of(&self, other: &Self) -> bool {
        let said = |event: &Self| {
            ["operation", "name", "client_address", "via", "issuer", "subject", "client_id"]
                .map(|field| event.text(field))
        };
        said(self) == said(other)
    }
}

/// The text that `Debug` of Rust wrote in quotes.
fn unquoted(text: &str) -> Option<String> {
    let mut rest = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut out = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => return None,
            '\\' => out.push(match rest.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                'u' => {
                    let code = rest.as_str().strip_prefix('{')?.split_once('}')?.0;
                    rest.nth(code.chars().count() + 1)?;
                    char::from_u32(u32::from_str_radix(code, 16).ok()?)?
                }
                same @ ('\\' | '"' | '\'') => same,
                _ => return None,
            }),
            c => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rust_wrote_in_quotes_is_read_as_it_was() {
        for text in
            ["", "add_todo", "a \"b\" \\ 'c'", "x\ny\t\r\0", "\u{202e}\u{1b}[2J\u{10ffff}", "ä\u{301}"]
        {
            assert_eq!(unquoted(&format!("{text:?}")).as_deref(), Some(text), "{text:?}");
        }
        for bad in [
            "",
            "a",
            "\"",
            "\"a",
            "\"a\"b\"",
            "\"\\x\"",
            "\"\\u{}\"",
            "\"\\u{110000}\"",
            "\"\\u{61\"",
            "\"\\\"",
        ] {
            assert_eq!(unquoted(bad), None, "{bad}");
        }
    }

    #[test]
    fn events_of_the_request_are_found_among_other_lines() {
        let flat = r#"{"timestamp":"t3","decision":"allow","operation":"tools/list","request_id":"r"}"#;
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
        let log = [
            "not JSON",
            "",
            r#"{"timestamp":"t1","target":"mcp_auth::audit","fields":{"decision":"allow","operation":"tools/call","request_id":"q"}}"#,
            r#"{"timestamp":"t2","target":"mcp_auth::audit","fields":{"decision":"deny","operation":"tools/call","request_id":"r"}}"#,
            r#"{"timestamp":"t2","target":"mcp_auth::audit","fields":{"decision":"deny","operation":"tools/call"}}"#,
            r#"{"timestamp":"t2","target":"todos","fields":{"decision":"deny","operation":"tools/call","request_id":"r"}}"#,
            r#"{"timestamp":"t2","target":"mcp_auth::audit","fields":{"message":"x","request_id":"r"}}"#,
            r#"["r"]"#,
            &long,
            flat,
        ]
        .join("\r\n");
        let read = AuditLog::read(log.as_bytes(), "r").unwrap();
        let found: Vec<_> = read.events.iter().map(|event| event.at.as_deref().unwrap()).collect();
        assert_eq!(found, ["t2", "t3"]);
        assert_eq!((read.audited, read.unnamed, read.unread), (4, 1, 3));
        assert_eq!((read.from.as_deref(), read.to.as_deref()), (Some("t1"), Some("t3")));
    }
}
