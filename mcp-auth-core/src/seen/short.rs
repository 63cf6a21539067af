//! Text from outside cut to a length, between characters.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// The first characters of `text`, at most `most`.
pub fn head(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// As [`head`], with `…` at the end if something was cut off.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match head(text, most) {
        all if all.len() == text.len() => Cow::Borrowed(text),
        cut => Cow::Owned(format!("{cut}…")),
    }
}

/// The most characters of a name or a URI in an answer to the one who sent it.
const ECHOED: usize = 200;

/// What a caller sent, as it stands in an answer to that caller: an answer is not longer because the request was.
///
/// # Example
/// ```
/// use mcp_auth_core::seen::echoed;
/// assert_eq!(echoed("add_todo"), "add_todo");
/// assert_eq!(echoed(&"a".repeat(1000)).chars().count(), 201);
/// ```
pub fn echoed(text: &str) -> Cow<'_, str> {
    cut(text, ECHOED)
}

/// As [`cut`], but limited to `most` bytes.
pub fn cut_to_bytes(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().find(|(at, c)| at + c.len_utf8() > most) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// The first `most` characters of what `value` displays; the rest is never stored.
pub fn excerpt(value: &dyn fmt::Display, most: usize) -> String {
    struct Bounded(String, usize);
    impl fmt::Write for Bounded {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let taken = text.chars().take(self.1);
            self.1 -= taken.clone().count();
            self.0.extend(taken);
            if self.1 == 0 { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut bounded = Bounded(String::new(), most);
    let _full = write!(bounded, "{value}");
    bounded.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!((head("äbcd", 2), head("äb", 2), head("", 2)), ("äb", "äb", ""));
        assert_eq!(cut("äbcd", 2), "äb…");
        assert!(matches!(cut("äb", 2), Cow::Borrowed("äb")));
        assert_eq!((cut_to_bytes("aäb", 2), cut_to_bytes("aäb", 3)), ("a…".into(), "aä…".into()));
        assert!(matches!(cut_to_bytes("aäb", 4), Cow::Borrowed("aäb")));
        assert_eq!(excerpt(&format_args!("{}{}", "äb", "cd"), 3), "äbc");
        assert_eq!(excerpt(&"äb", 3), "äb");
    }
}
