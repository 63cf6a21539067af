//! The one list of characters that change how the text around them looks or behaves.

/// What a character does to the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Moves the cursor or starts a line: controls (C0, DEL, C1), line and paragraph separators.
    Acts,
    /// Changes the order in which text is read (UAX #9 §2).
    Reorders,
    /// Is invisible.
    Hides,
    /// Joins or separates letters, and is invisible. Some scripts and emoji need it.
    Joins,
    /// Chooses another form of the character before it. Emoji and ideographs need it.
    Varies,
    /// Is drawn above or below the character before it.
    Stacks,
    /// Private use, whose meaning only the two parties know, or a stand-in for a missing character.
    Private,
}

/// What `c` does, if it does anything.
pub(super) fn effect(c: char) -> Option<Effect> {
    Some(match c {
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' => Effect::Acts,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Effect::Reorders
        }
        // Soft hyphen, grapheme joiner, fillers, zero-width spaces, invisible operators, a blank pattern of dots.
        '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}' | '\u{200B}'
        | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        // Unassigned characters that fonts do not show, interlinear annotation, shorthand and musical controls.
        | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        // Tags, and the other characters of that plane that are not variation selectors.
        | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}' => Effect::Hides,
        '\u{200C}' | '\u{200D}' => Effect::Joins,
        '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => {
            Effect::Varies
        }
        '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}' => Effect::Stacks,
        '\u{E000}'..='\u{F8FF}' | '\u{FFFC}'..='\u{FFFF}' | '\u{E1000}'..='\u{10FFFF}' => Effect::Private,
        _ => return None,
    })
}

/// Whether `c`, coming after `before`, makes a text look different from what it says. A variation selector does so
/// after a character that has no other forms: a row of such selectors can hide text.
pub(super) fn is_deceptive(before: Option<char>, c: char) -> bool {
    match effect(c) {
        Some(Effect::Acts | Effect::Reorders | Effect::Hides) => true,
        Some(Effect::Varies) => !before.is_some_and(has_forms),
        Some(Effect::Joins | Effect::Stacks | Effect::Private) | None => false,
    }
}

/// Whether a character may have several forms: emoji, keycaps and ideographs, but not ASCII letters.
fn has_forms(c: char) -> bool {
    let keycap = matches!(c, '#' | '*' | '0'..='9');
    effect(c).is_none() && !c.is_whitespace() && (keycap || !c.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name, what its characters do, and their ranges.
    type Row = (&'static str, Effect, &'static [(u32, u32)]);

    /// Each range by what it does, written from the standards' own lists and not from the code above.
    const TABLE: [Row; 7] = [
        ("C0, DEL and C1, the two separators", Effect::Acts, &[(0, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029)]),
        // Unicode property Bidi_Control.
        (
            "every bidirectional control",
            Effect::Reorders,
            &[(0x61C, 0x61C), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069)],
        ),
        // Unicode property Default_Ignorable_Code_Point, without the rows above and below; U+2800 and U+FFF9 to U+FFFB
        // are blank without being ignorable.
        (
            "zero width, fillers, tags",
            Effect::Hides,
            &[
                (0xAD, 0xAD),
                (0x34F, 0x34F),
                (0x115F, 0x1160),
                (0x17B4, 0x17B5),
                (0x180E, 0x180E),
                (0x200B, 0x200B),
                (0x2060, 0x2065),
                (0x206A, 0x206F),
                (0x2800, 0x2800),
                (0x3164, 0x3164),
                (0xFEFF, 0xFEFF),
                (0xFFA0, 0xFFA0),
                (0xFFF0, 0xFFFB),
                (0x1BCA0, 0x1BCA3),
                (0x1D173, 0x1D17A),
                (0xE0000, 0xE00FF),
                (0xE01F0, 0xE0FFF),
            ],
        ),
        ("the joiners", Effect::Joins, &[(0x200C, 0x200D)]),
        (
            "variation selectors",
            Effect::Varies,
            &[(0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF)],
        ),
        (
            "combining marks in blocks of their own",
            Effect::Stacks,
            &[
                (0x300, 0x34E),
                (0x350, 0x36F),
                (0x1AB0, 0x1AFF),
                (0x1DC0, 0x1DFF),
                (0x20D0, 0x20FF),
                (0xFE20, 0xFE2F),
            ],
        ),
        (
            "private use and placeholders",
            Effect::Private,
            &[(0xE000, 0xF8FF), (0xFFFC, 0xFFFF), (0xE1000, 0x10FFFF)],
        ),
    ];

    #[test]
    fn every_character_of_the_table_does_what_it_says_and_no_other_does_anything() {
        for c in '\0'..=char::MAX {
            let code = u32::from(c);
            let within =
                |ranges: &[(u32, u32)]| ranges.iter().any(|(from, to)| (*from..=*to).contains(&code));
            let said: Vec<_> = TABLE.iter().filter(|(_, _, ranges)| within(ranges)).collect();
            assert!(said.len() <= 1, "U+{code:04X} stands in two rows");
            assert_eq!(effect(c), said.first().map(|(_, effect, _)| *effect), "U+{code:04X}");
        }
    }

    #[test]
    fn what_acts_reorders_or_hides_deceives_wherever_it_stands() {
        for (name, effect, ranges) in TABLE {
            let deceives = matches!(effect, Effect::Acts | Effect::Reorders | Effect::Hides);
            for code in ranges.iter().flat_map(|(from, to)| [*from, *to]).filter_map(char::from_u32) {
                if effect != Effect::Varies {
                    assert_eq!(is_deceptive(Some('a'), code), deceives, "{name}: {code:?}");
                    assert_eq!(is_deceptive(None, code), deceives, "{name}: {code:?}");
                }
            }
        }
    }

    #[test]
    fn a_variation_selector_deceives_where_it_chooses_nothing() {
        for before in ['❤', '葛', '1', '#', '\u{1820}'] {
            assert!(!is_deceptive(Some(before), '\u{FE0F}'), "{before:?}");
            assert!(!is_deceptive(Some(before), '\u{E0100}'), "{before:?}");
        }
        for before in [
            None,
            Some('a'),
            Some(' '),
            Some('\u{3000}'),
            Some('\u{FE0F}'),
            Some('\u{E0100}'),
            Some('\u{200D}'),
        ] {
            assert!(is_deceptive(before, '\u{FE0F}'), "{before:?}");
            assert!(is_deceptive(before, '\u{E01EF}'), "{before:?}");
        }
    }

    #[test]
    fn letters_of_every_script_do_nothing_but_be_read() {
        for text in
            ["Aufgaben für heute", "做事", "می‌خواهم", "Ελληνικά", "עברית", "👩‍🚀 1️⃣ ❤️", "a\\b \"quoted\""]
        {
            let mut before = None;
            for c in text.chars() {
                assert!(!is_deceptive(before, c), "{c:?} of {text}");
                before = Some(c);
            }
        }
    }
}
