//! An identifier from outside, as the log keeps it.

use std::fmt;

use super::short::cut;
use super::show::shown;

/// An identifier from outside, kept for the log: escaped, in quotation marks that its content cannot close, at most
/// 200 characters of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    /// The most characters kept.
    const LONGEST: usize = 200;

    /// Keeps at most the first 200 characters of `text`.
    pub fn of(text: &str) -> Self {
        Self(shown(&format!("{:?}", cut(text, Self::LONGEST))).into_owned())
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t46_what_the_log_shows_of_a_token_is_escaped_and_short() {
        let shown = Excerpt::of(&format!("a\r\n\u{202e}{}", "x".repeat(10_000))).to_string();
        assert!(shown.starts_with(r#""a\r\n\u{202e}xxx"#), "{shown}");
        assert!(shown.chars().count() < 230);
        assert_eq!(Excerpt::of("a\", b=\"\u{3164}\u{200d}").to_string(), r#""a\", b=\"\u{3164}\u{200d}""#);
    }
}
