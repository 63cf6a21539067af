//! Text that strangers wrote: shown without its power over a terminal, short, and never with the token in it.

use std::fmt::Write as _;

/// Longest piece of a stranger's text that is shown, in characters.
const LONGEST: usize = 160;
/// Shorter pieces of a token are no secret, and common words.
const SHORTEST_SECRET: usize = 8;

/// Control characters, and the invisible ones that reorder or hide text, as `\u{…}`.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hides = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if c.is_control() || hides {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c)); // a String takes every write
        } else {
            out.push(c);
        }
    }
    out
}

/// A stranger's text between quotation marks, cut where it is long.
pub(crate) fn quote(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("\"{}\"", visible(&short))
}

/// Several of them.
pub(crate) fn quote_all<S: AsRef<str>>(texts: &[S]) -> String {
    let shown: Vec<String> = texts.iter().take(6).map(|text| quote(text.as_ref())).collect();
    let more = texts.len().saturating_sub(6);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// Takes a token, and every part of it, out of what a server sends back.
#[derive(Clone, Default)]
pub(crate) struct Scrubber(Vec<String>);

impl Scrubber {
    pub(crate) fn of(token: Option<&str>) -> Self {
        let Some(token) = token else { return Self::default() };
        let parts = token.split('.').filter(|part| part.len() >= SHORTEST_SECRET);
        Self(std::iter::once(token).chain(parts).map(str::to_owned).collect())
    }

    pub(crate) fn clean(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[token]"))
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scrubber")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_colour_clear_or_reorder_the_terminal() {
        assert_eq!(visible("a\x1b[2Jb\r\nc\u{202e}d\u{9b}"), "a\\u{1b}[2Jb\\u{d}\\u{a}c\\u{202e}d\\u{9b}");
        assert_eq!(visible("Grüße, 日本"), "Grüße, 日本");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let shown = quote(&"ä".repeat(1000));
        assert_eq!(shown.chars().count(), LONGEST + 3);
        assert!(shown.ends_with("…\""));
    }

    #[test]
    fn neither_the_token_nor_a_part_of_it_comes_back() {
        let scrubber = Scrubber::of(Some("headerheader.payloadpayload.signaturesignature"));
        let echoed = "bad token headerheader.payloadpayload.signaturesignature (signaturesignature)";
        assert_eq!(scrubber.clean(echoed), "bad token [token] ([token])");
        assert_eq!(Scrubber::of(None).clean("as it was"), "as it was");
    }
}
