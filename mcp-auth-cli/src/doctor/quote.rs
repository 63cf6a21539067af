//! Quotes text from outside: short, and with every character visible.

use mcp_auth_core::seen;

/// The most characters of such a text that are shown.
const LONGEST: usize = 160;

/// A text from outside in quotation marks, cut if it is long.
pub(crate) fn quote(text: &str) -> String {
    seen::quote(text, LONGEST)
}

/// Several texts, each quoted.
pub(crate) fn quote_all<S: AsRef<str>>(texts: &[S]) -> String {
    let shown: Vec<String> = texts.iter().take(6).map(|text| quote(text.as_ref())).collect();
    let more = texts.len().saturating_sub(6);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_colour_clear_or_reorder_the_terminal_nor_hide_a_character() {
        assert_eq!(quote("a\x1b[2Jb\r\nc\u{202e}d\u{9b}"), "\"a\\u{1b}[2Jb\\r\\nc\\u{202e}d\\u{9b}\"");
        assert_eq!(quote("https://a/m\u{200d}cp\u{200c}"), "\"https://a/m\\u{200d}cp\\u{200c}\"");
        assert_eq!(quote("Grüße, 日本"), "\"Grüße, 日本\"");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let shown = quote(&"ä".repeat(1000));
        assert_eq!(shown.chars().count(), LONGEST + 3);
        assert!(shown.ends_with("…\""));
    }

    #[test]
    fn of_many_texts_six_are_shown_and_the_rest_counted() {
        assert_eq!(quote_all(&["a", "b"]), "\"a\", \"b\"");
        assert!(quote_all(&["x"; 9]).ends_with("\"x\" and 3 more"));
    }
}
