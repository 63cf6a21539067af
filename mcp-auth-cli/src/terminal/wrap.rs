//! The width of text on a terminal, and where its lines break.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The number of columns that `text` takes; styles take none.
pub(super) fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(|plain| plain.width()).sum()
}

/// `text` in lines of at most `width` columns, broken at spaces, and inside a word only if the word alone is too
/// long. Without a width, one line.
pub(crate) fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    broken(text, width, true)
}

/// As [`wrapped`], but a word that is too long has a line to itself, so that a URL can be copied.
pub(crate) fn wrapped_at_spaces(text: &str, width: Option<usize>) -> Vec<String> {
    broken(text, width, false)
}

fn broken(text: &str, width: Option<usize>, inside_words: bool) -> Vec<String> {
    let Some(room) = width.filter(|room| *room > 0) else {
        return vec![text.to_owned()];
    };
    let mut lines = vec![String::new()];
    let mut taken = 0;
    for word in text.split(' ') {
        let mut word = word;
        let space = usize::from(taken > 0);
        if taken > 0 && taken + space + word.width() > room {
            lines.push(String::new());
            taken = 0;
        } else if space > 0 {
            push(&mut lines, " ");
            taken += 1;
        }
        while inside_words && word.width() > room {
            let (fits, rest) = word.split_at(fitting(word, room));
            push(&mut lines, fits);
            lines.push(String::new());
            word = rest;
        }
        push(&mut lines, word);
        taken += word.width();
    }
    lines
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

/// How many bytes of `word` fit into `room` columns; at least one character.
fn fitting(word: &str, room: usize) -> usize {
    let mut taken = 0;
    let mut end = 0;
    for (at, c) in word.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > room && at > 0 {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_none_is_wider_than_the_room() {
        let lines = wrapped("Read and change the todos of the caller", Some(12));
        assert_eq!(lines, ["Read and", "change the", "todos of the", "caller"]);
    }

    #[test]
    fn word_that_is_too_long_breaks_inside() {
        assert_eq!(wrapped("at https://example.com/a", Some(10)), ["at", "https://ex", "ample.com/", "a"]);
    }

    #[test]
    fn url_that_is_too_long_stays_whole_on_its_own_line() {
        let text = "at https://example.com/a or b";
        assert_eq!(wrapped_at_spaces(text, Some(10)), ["at", "https://example.com/a", "or b"]);
        assert_eq!(wrapped_at_spaces(text, None), [text]);
    }

    #[test]
    fn wide_characters_count_twice_and_styles_not_at_all() {
        assert_eq!(width("做事"), 4);
        assert_eq!(width("\u{1b}[1mbold\u{1b}[0m"), 4);
        assert_eq!(wrapped("做事做事", Some(4)), ["做事", "做事"]);
        assert_eq!(wrapped("做", Some(1)), ["做", ""].map(str::to_owned));
    }

    #[test]
    fn without_a_width_everything_is_one_line() {
        assert_eq!(wrapped("one two  three", None), ["one two  three"]);
    }
}
