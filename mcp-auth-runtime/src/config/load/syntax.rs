//! What is wrong with a text that is not TOML: the line, its text and the column, without what may be a secret.

use mcp_auth_core::ApiKey;

use super::position::line_of;
use crate::config::error::ConfigError;

/// Of a line no more than this many characters are shown.
const SHOWN: usize = 100;

/// A key whose name holds one of these may have a secret beside it, though that belongs elsewhere.
const SECRET: [&str; 6] = ["secret", "credential", "password", "token", "key", "digest"];

/// The error of `text`, which `file` holds.
pub(in crate::config) fn error(file: &str, text: &str, error: &toml_edit::TomlError) -> ConfigError {
    let message = error.message().trim().replace('\n', ", ");
    let at = error.span().map(|span| {
        let before = &text[..floor(text, span.start)];
        let (line, start) = (line_of(text, before.len()), before.rfind('\n').map_or(0, |end| end + 1));
        (line, before[start..].chars().count() + 1)
    });
    ConfigError::Syntax {
        file: file.to_owned(),
        line: at.map(|(line, _)| line),
        column: at.map(|(_, column)| column),
        message,
        excerpt: at.and_then(|(line, column)| excerpt(text, line, column)).unwrap_or_default(),
    }
}

/// The nearest place at or before `byte` where a character starts.
fn floor(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The line with its number, and under it a mark at the column, unless what is shown ends before it.
fn excerpt(text: &str, line: usize, column: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let (own, above) = lines.get(line - 1).zip(lines.get(..line - 1))?;
    // The key whose value this line is a part of may stand above it.
    let statement = if starts_statement(own) {
        0
    } else {
        above.iter().rev().take_while(|l| !starts_statement(l)).count() + 1
    };
    if above.iter().rev().take(statement).any(|line| secret_from(line).is_some()) {
        return None;
    }
    let visible = secret_from(own).map_or(*own, |end| &own[..end]);
    let visible = ApiKey::found_in(visible).map_or(visible, |start| &visible[..start]);
    let mut shown: String =
        visible.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let reached = column <= shown.chars().count() + 1;
    if shown.len() < own.len() {
        shown.push('…');
    }
    let number = line.to_string();
    let mark = format!(
        "
  {:width$} | {:>column$}",
        "",
        "^",
        width = number.len()
    );
    Some(format!(
        "
  {number} | {shown}{}",
        if reached { mark.as_str() } else { "" }
    ))
}

/// Whether a line begins a table or a key, as opposed to going on with a value.
fn starts_statement(line: &str) -> bool {
    let line = line.trim_start();
    let name = line.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.\"' ".contains(c)));
    line.starts_with('[') || name.is_some_and(|end| end > 0 && line[end..].starts_with(['=', ':']))
}

/// Where the name of a key ends beside which a secret may stand.
fn secret_from(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    let word = SECRET.iter().filter_map(|word| lower.find(word)).min()?;
    let rest = lower[word..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
    Some(rest.map_or(line.len(), |rest| word + rest))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn said(text: &str) -> String {
        Config::from_toml_str(text).unwrap_err().to_string().replace("the configuration text", "mcp.toml")
    }

    #[test]
    fn text_that_is_not_toml_is_shown_with_line_and_column() {
        let said = said("[server]\nlisten = 127.0.0.1:8080\n");
        assert!(said.starts_with("mcp.toml is not valid TOML, line 2, column "), "{said}");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[1], "  2 | listen = 127.0.0.1:8080", "{said}");
        assert_eq!(lines[2].chars().position(|c| c == '^'), Some("  2 | listen = 127.0".len()), "{said}");
    }

    #[test]
    fn what_may_be_a_secret_is_not_in_the_line_that_is_shown() {
        for text in [
            "[stdio]\ncredential = \"hunter2",
            "stdio = { credential = hunter2 }",
            "[[issuer.clients]]\nclient_secret = hunter2",
            "[[issuer.clients]]\nclient_secret = \"\"\"\nhunter2 \\x\n\"\"\"",
            "api-key: hunter2",
            "PASSWORD = [\n  hunter2,\n]",
        ] {
            let said = said(text);
            assert!(!said.contains("hunter2") && said.contains("line "), "{said}");
        }
        let said = said("[server]\nname = hunter2");
        assert!(said.contains("name = hunter2"), "{said}");
    }

    #[test]
    fn line_that_is_shown_is_cut_and_has_no_control_characters() {
        let said = said(&format!("a = \u{1b}[31m{}", "x".repeat(5000)));
        assert!(said.len() < 400 && !said.contains('\u{1b}'), "{said}");
    }
}
