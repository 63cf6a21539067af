//! Text that a stranger chose, a client's name above all. Shown, it must neither act nor disguise (escaping is the
//! template's).

use crate::client::Client;

/// The longest name shown, in characters.
const MAX_NAME: usize = 60;
/// The longest other value shown, in characters.
const MAX_VALUE: usize = 200;

/// The name to show for `client`: one line, cut, without characters that are invisible or turn the text around.
pub(super) fn shown_name(client: &Client) -> String {
    let name = printable(client.name.as_deref().unwrap_or_default(), MAX_NAME);
    if name.is_empty() { "An application without a name".to_owned() } else { name }
}

/// A value of a request: one line, cut, visible.
pub(super) fn cut(value: &str) -> String {
    printable(value, MAX_VALUE)
}

/// Text of the configuration: one line, visible, and all of it.
pub(crate) fn visible(text: &str) -> String {
    printable(text, usize::MAX)
}

fn printable(claim: &str, max: usize) -> String {
    let visible: String = claim.chars().filter(|c| !is_invisible(*c)).map(as_space).collect();
    let words = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if words.chars().count() <= max {
        return words;
    }
    words.chars().take(max - 1).chain(['…']).collect()
}

fn as_space(c: char) -> char {
    if c.is_whitespace() { ' ' } else { c }
}

/// Control characters, bidirectional controls, zero-width characters, stacking marks, tags and private use.
fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
            | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printable(claim: &str) -> String {
        super::printable(claim, MAX_NAME)
    }

    #[test]
    fn p12_names_are_one_cut_line_of_visible_characters() {
        assert_eq!(printable("MCP Inspector"), "MCP Inspector");
        assert_eq!(printable("Zoë’s 時計 app"), "Zoë’s 時計 app");
        assert_eq!(printable("a\u{202e}gpj.exe\u{200b}\u{feff}"), "agpj.exe");
        assert_eq!(printable("  a\r\n\tb\u{2028}c\u{a0} d "), "a b c d");
        assert_eq!(printable("a\u{0}\u{1b}[31mb"), "a[31mb");
        assert_eq!(printable(&format!("Z{}", "\u{315}".repeat(500))), "Z");
        let long = printable(&"x".repeat(1_000));
        assert_eq!((long.chars().count(), long.ends_with('…')), (60, true));
        assert_eq!(printable("\u{200b}\u{3164}"), "");
    }
}
