//! Text from outside, made safe to print.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` on one line: whatever could move the cursor, start a line, reorder or hide text is escaped, as in
/// `\n` or `\u{1b}`. Letters of every script stay.
///
/// - Source: where it came from does not matter: a server's answer, a header, a claim, a file name.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    escaped(text, is_deceptive)
}

/// The same for a text of several lines: line feeds and tabs stay.
pub(crate) fn shown_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_deceptive(c) && !matches!(c, '\n' | '\t'))
}

/// The same on one line of at most `most` characters, for a stranger's text within ours: line feeds and tabs are
/// spaces, and what is longer is cut.
pub(crate) fn shown_line(text: &str, most: usize) -> String {
    let line = shown_lines(text).replace(['\n', '\t'], " ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_escaped(c) => plain.push(c),
            '\n' | '\r' | '\t' => plain.extend(c.escape_default()),
            c => {
                let _ = write!(plain, "{}", c.escape_unicode());
            }
        }
    }
    Cow::Owned(plain)
}

/// Control characters, line and paragraph separators, marks that reorder text, and characters that are not seen.
/// The joiners U+200C and U+200D stay: scripts and emoji need them.
pub(super) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}'
                | '\u{61C}'
                | '\u{180E}'
                | '\u{200B}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
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
        for c in ['\u{202E}', '\u{2066}', '\u{200B}', '\u{FEFF}', '\u{E0041}', '\u{AD}', '\u{61C}'] {
            assert_eq!(shown(&format!("a{c}b")), format!("a\\u{{{:x}}}b", u32::from(c)));
        }
    }

    #[test]
    fn letters_of_every_script_stay_as_they_are() {
        for text in ["Aufgaben für heute", "做事", "می\u{200c}خواهم", "👩\u{200d}🚀", "a\\b \"quoted\""]
        {
            assert!(matches!(shown(text), Cow::Borrowed(same) if same == text), "{text}");
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
}
