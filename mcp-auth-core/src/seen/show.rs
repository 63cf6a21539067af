//! Text from outside with every character visible and without effect on the text around it.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::effect::{Effect, effect, is_deceptive};
use super::short::cut;

/// Whether `text` holds a character that acts, reorders or hides.
pub fn deceives(text: &str) -> bool {
    escapes(text, is_deceptive)
}

/// `text` on one line: what could move the cursor, start a line, reorder or hide text is escaped, as in `\n` or
/// `\u{1b}`. Letters of every script stay.
///
/// # Example
/// ```
/// use mcp_auth_core::seen::shown;
/// assert_eq!(shown("gr\u{fc}n\u{1b}[2J\n"), "gr\u{fc}n\\u{1b}[2J\\n");
/// ```
pub fn shown(text: &str) -> Cow<'_, str> {
    escaped(text, is_deceptive, readable)
}

/// As [`shown`], for a text of several lines: line feeds and tabs stay.
pub fn shown_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |before, c| is_deceptive(before, c) && !matches!(c, '\n' | '\t'), readable)
}

/// As [`shown`], on one line of at most `most` characters, for use inside a message of our own: line feeds and tabs
/// become spaces.
pub fn shown_line(text: &str, most: usize) -> String {
    cut(&shown_lines(text).replace(['\n', '\t'], " "), most).into_owned()
}

/// As [`shown`], for a JSON text, whose meaning stays the same for every parser: JSON requires escapes only for some
/// control characters (RFC 8259 §7). Line feeds stay; outside of strings they are layout.
pub fn shown_json(text: &str) -> Cow<'_, str> {
    escaped(text, |before, c| is_deceptive(before, c) && c != '\n', utf16)
}

/// At most `most` characters of an identifier, in quotation marks. Joiners are escaped too: an identifier that has
/// one is a different identifier.
pub fn quote(text: &str, most: usize) -> String {
    let hidden = |before, c| {
        let alike = matches!(effect(c), Some(Effect::Joins | Effect::Private));
        alike || is_deceptive(before, c)
    };
    let cut = cut(text, most);
    format!("\"{}\"", escaped(&cut, hidden, readable))
}

/// A name for a page: one line of at most `most` characters, words separated by single spaces, without characters
/// that change the text around them.
pub fn plain(text: &str, most: usize) -> String {
    let shown = text.chars().filter(|c| c.is_whitespace() || effect(*c).is_none());
    let line: String = shown.map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let words = line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if words.chars().count() <= most {
        return words;
    }
    cut(&words, most.saturating_sub(1)).into_owned()
}

/// Whether a character of `text` needs escaping; `is_escaped` gets each one with the character before it.
fn escapes(text: &str, is_escaped: impl Fn(Option<char>, char) -> bool) -> bool {
    let mut before = None;
    text.chars().any(|c| is_escaped(before.replace(c), c))
}

fn escaped(
    text: &str,
    is_escaped: impl Fn(Option<char>, char) -> bool,
    escape: fn(&mut String, char),
) -> Cow<'_, str> {
    if !escapes(text, &is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    let mut before = None;
    for c in text.chars() {
        match is_escaped(before.replace(c), c) {
            true => escape(&mut plain, c),
            false => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

fn readable(to: &mut String, c: char) {
    match c {
        '\n' | '\r' | '\t' => to.extend(c.escape_default()),
        c => to.extend(c.escape_unicode()),
    }
}

/// Escapes `c` as JSON does: one escape for each UTF-16 unit.
pub(super) fn utf16(to: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(to, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_move_the_cursor_or_start_a_line_is_escaped() {
        for (text, plain) in [
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\nerror: b\r", "a\\nerror: b\\r"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\u{2028}b", "a\\u{2028}b"),
            ("\0\u{7f}\t", "\\u{0}\\u{7f}\\t"),
        ] {
            assert_eq!(shown(text), plain);
        }
    }

    #[test]
    fn what_reorders_or_hides_text_is_escaped() {
        for c in
            ['\u{202E}', '\u{2066}', '\u{200B}', '\u{FEFF}', '\u{E0041}', '\u{AD}', '\u{61C}', '\u{3164}']
        {
            let text = format!("a{c}b");
            assert_eq!(shown(&text), format!("a\\u{{{:x}}}b", u32::from(c)));
            assert!(deceives(&text), "{c:?}");
        }
        assert_eq!(shown("a\u{fe0f}\u{fe01}❤\u{fe0f}\u{fe02}"), "a\\u{fe0f}\\u{fe01}❤\u{fe0f}\\u{fe02}");
    }

    #[test]
    fn letters_of_every_script_stay_as_they_are() {
        for text in
            ["Aufgaben für heute", "做事", "می\u{200c}خواهم", "👩\u{200d}🚀❤\u{fe0f}", "a\\b \"quoted\""]
        {
            assert!(matches!(shown(text), Cow::Borrowed(same) if same == text), "{text}");
            assert!(!deceives(text), "{text}");
        }
    }

    #[test]
    fn lines_of_a_longer_text_stay_lines() {
        assert_eq!(shown_lines("one\n\ttwo\u{1b}\r"), "one\n\ttwo\\u{1b}\\r");
    }

    #[test]
    fn a_text_within_ours_is_one_line_and_cut_between_characters() {
        assert_eq!(shown_line("a\nb\tc\u{202e}", 20), "a b c\\u{202e}");
        assert_eq!(shown_line("äbcdef", 3), "äbc…");
        assert_eq!(shown_line("äbc", 3), "äbc");
    }

    #[test]
    fn in_json_the_same_value_is_read_and_nothing_acts() {
        let text = "{\"a\":\n\"\u{202e}\u{9b}\u{e0041}\u{7f}\"}";
        assert_eq!(shown_json(text), "{\"a\":\n\"\\u202e\\u009b\\udb40\\udc41\\u007f\"}");
        let values =
            [text, &shown_json(text)].map(|json| serde_json::from_str::<serde_json::Value>(json).ok());
        assert!(values[0].is_some() && values[0] == values[1]);
    }

    #[test]
    fn a_quoted_identifier_shows_every_character_and_is_cut_within_its_marks() {
        assert_eq!(quote("a\x1b[2Jb\r\nc\u{202e}d\u{9b}", 160), "\"a\\u{1b}[2Jb\\r\\nc\\u{202e}d\\u{9b}\"");
        assert_eq!(quote("https://a/m\u{200d}cp\u{200c}", 160), "\"https://a/m\\u{200d}cp\\u{200c}\"");
        assert_eq!(quote("Grüße, 日本", 160), "\"Grüße, 日本\"");
        assert_eq!(quote("\u{e000}", 160), "\"\\u{e000}\"");
        assert_eq!(quote(&"ä".repeat(1000), 2), "\"ää…\"");
    }

    #[test]
    fn p12_names_are_one_cut_line_of_visible_characters() {
        let plain = |text: &str| plain(text, 60);
        assert_eq!(plain("MCP Inspector"), "MCP Inspector");
        assert_eq!(plain("Zoë’s 時計 app"), "Zoë’s 時計 app");
        assert_eq!(plain("a\u{202e}gpj.exe\u{200b}\u{feff}"), "agpj.exe");
        assert_eq!(plain("  a\r\n\tb\u{2028}c\u{a0} d "), "a b c d");
        assert_eq!(plain("a\u{0}\u{1b}[31mb"), "a[31mb");
        assert_eq!(plain(&format!("Z{}", "\u{315}".repeat(500))), "Z");
        let long = plain(&"x".repeat(1_000));
        assert_eq!((long.chars().count(), long.ends_with('…')), (60, true));
        assert_eq!(plain("\u{200b}\u{3164}"), "");
    }
}
