//! Text of servers, made safe to print: it may not move the cursor, colour a lie or turn the line around.

/// The text with control and direction characters as escapes; line breaks and tabs stay.
pub(crate) fn shown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        let turns =
            matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if turns || (character.is_control() && !matches!(character, '\n' | '\t')) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// The same on one line, at most `limit` characters.
pub(crate) fn shown_line(text: &str, limit: usize) -> String {
    let line = shown(text).replace(['\n', '\t'], " ");
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_direction_marks_are_escaped_and_words_are_not() {
        assert_eq!(shown("häi\n\tyou 👋"), "häi\n\tyou 👋");
        assert_eq!(shown("a\u{1b}[31mb\rc\u{202e}d"), "a\\u{1b}[31mb\\rc\\u{202e}d");
        assert_eq!(shown_line("a\nb", 10), "a b");
        assert_eq!(shown_line("abcdef", 3), "abc…");
    }
}
