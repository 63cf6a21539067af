//! JSON that may go to a terminal.

use std::fmt::Write as _;

use super::shown::is_deceptive;

/// `value` as JSON over several lines, the same value to every parser. JSON escapes only some control characters by
/// itself: here every character is escaped that could move the cursor, reorder or hide text (RFC 8259 §7).
///
/// # Errors
/// A value that is no JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_deceptive(c) {
            plain.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(plain, "\\u{unit:04x}");
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    #[test]
    fn json_of_a_server_cannot_move_the_cursor_or_reorder_text() {
        let value = json!({ "a\u{202e}": ["\u{9b}2J\u{1b}[2J\u{7f}", "\u{e0041}", "Grüße\n👩\u{200d}🚀"] });
        let text = super::json(&value).unwrap();
        assert_eq!(
            text.split_whitespace().collect::<String>(),
            r#"{"a\u202e":["\u009b2J\u001b[2J\u007f","\udb40\udc41","Grüße\n👩‍🚀"]}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
