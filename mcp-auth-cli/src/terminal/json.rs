//! JSON that is safe to print on a terminal.

use mcp_auth_core::seen::shown_json;

/// `value` as JSON over several lines. It has the same value for every parser, and nothing in it can move the cursor,
/// reorder or hide text.
///
/// # Errors
/// A value that cannot be written as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> serde_json::Result<String> {
    Ok(shown_json(&serde_json::to_string_pretty(value)?).into_owned())
}

#[cfg(test)]
mod tests {
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
