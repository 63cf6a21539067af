//! A JSON text for a person who says yes to exactly this: characters that cannot be seen, or that hide in others, are escaped. Letters
//! of two scripts that look alike are not.

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory, get_general_category};

use super::effect::{Effect, effect, is_deceptive};
use super::show::utf16;

/// How many marks may stand over one letter: in some scripts, as Thai and Hebrew, a vowel and a tone do.
const MOST_MARKS: usize = 2;

/// As [`shown_json`](super::shown_json), and more is escaped: what joins letters or chooses another form of one, private characters,
/// blanks that are not a space, a space after a space, and more marks over one letter than its script needs.
///
/// # Example
/// ```
/// use mcp_auth_core::seen::exact_json;
/// assert_eq!(exact_json("\"bo\u{200d}b\u{a0}\""), "\"bo\\u200db\\u00a0\"");
/// ```
pub fn exact_json(text: &str) -> Cow<'_, str> {
    let (mut exact, mut seen) = (String::new(), Seen::default());
    let mut is_changed = false;
    for (at, c) in text.char_indices() {
        match seen.hides(c) {
            true => {
                if !is_changed {
                    exact.push_str(&text[..at]);
                    is_changed = true;
                }
                utf16(&mut exact, c);
            }
            false if is_changed => exact.push(c),
            false => {}
        }
    }
    if is_changed { Cow::Owned(exact) } else { Cow::Borrowed(text) }
}

/// What stands before a character.
#[derive(Default)]
struct Seen {
    before: Option<char>,
    /// How many marks stand right before it.
    marks: usize,
    /// Whether only spaces do since the line began: those are layout. In a string no line begins.
    in_layout: bool,
}

impl Seen {
    /// Whether the next character cannot be told from another one, or from nothing.
    fn hides(&mut self, c: char) -> bool {
        let before = self.before.replace(c);
        let most_marks = if effect(c) == Some(Effect::Stacks) { 1 } else { MOST_MARKS };
        self.marks = if is_mark(c) { self.marks + 1 } else { 0 };
        self.in_layout = c == '\n' || (self.in_layout && c == ' ');
        match c {
            '\n' => false,
            ' ' => before == Some(' ') && !self.in_layout,
            _ => {
                let alike = matches!(effect(c), Some(Effect::Joins | Effect::Varies | Effect::Private));
                alike || c.is_whitespace() || self.marks > most_marks || is_deceptive(before, c)
            }
        }
    }
}

/// Whether it is drawn over, under or around the character before it.
fn is_mark(c: char) -> bool {
    matches!(get_general_category(c), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_another_text_is_escaped_and_stays_the_same_json() {
        for (text, exact) in [
            ("\"bo\u{200d}b\"", "\"bo\\u200db\""),
            ("\"zo\u{eb}\u{fe00}@corp\"", "\"zo\u{eb}\\ufe00@corp\""),
            ("\"1\u{fe0f}00\u{e0100}\"", "\"1\\ufe0f00\\udb40\\udd00\""),
            ("\"a  b   c d\"", "\"a \\u0020b \\u0020\\u0020c d\""),
            ("\"a\u{3000}\u{a0}\t\"", "\"a\\u3000\\u00a0\\u0009\""),
            ("\"e\u{301}\u{302}\"", "\"e\u{301}\\u0302\""),
            ("\"\u{e17}\u{e35}\u{e48}\u{e48}\u{e48}\"", "\"\u{e17}\u{e35}\u{e48}\\u0e48\\u0e48\""),
            ("\"\u{5d0}\u{5b0}\u{5b1}\u{5b2}\"", "\"\u{5d0}\u{5b0}\u{5b1}\\u05b2\""),
            ("\"\u{e000}\u{202e}\"", "\"\\ue000\\u202e\""),
        ] {
            assert_eq!(exact_json(text), exact, "{text}");
            // A tab in a string is not JSON; it is shown all the same.
            let values = [text, exact].map(|json| serde_json::from_str::<serde_json::Value>(json).ok());
            assert!(values[0].is_none() || values[0] == values[1], "{text}");
        }
    }

    #[test]
    fn what_can_be_read_stays_as_it_is_and_so_does_the_layout() {
        for text in [
            "{\n  \"title\": \"milk and bread\",\n    \"n\": 1\n}",
            "\"Zo\u{eb} \u{e17}\u{e35}\u{e48} \u{6642}\u{8a08} gr\u{fc}n\"",
        ] {
            assert!(matches!(exact_json(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
