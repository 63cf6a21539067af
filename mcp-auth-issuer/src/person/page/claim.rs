//! Text that a stranger chose, a client's name above all. Shown, it must neither act nor disguise (escaping is the
//! template's).

use maud::{Markup, html};
use mcp_auth_store::Client;

/// The longest name shown, in characters.
const MAX_NAME: usize = 60;
/// The longest other value shown, in characters.
const MAX_VALUE: usize = 200;

/// The name of `client`, framed, so that no text in it passes for the page's, and marked as what it is.
pub(super) fn claimed(client: &Client) -> Markup {
    let name = shown_name(client);
    html! {
        bdi.claim { (name) }
        p.hint {
            "Its own claim, not verified."
            @if mixes_alphabets(&name) {
                " It mixes alphabets: letters may not be what they look like."
            }
        }
    }
}

/// One line, cut, without characters that are invisible or turn the text around.
fn shown_name(client: &Client) -> String {
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

/// Whether Latin letters stand beside letters that look like them: Greek, Cyrillic, Armenian, Cherokee, full width or
/// mathematical ones. A hint and no guard: a word may be written in look-alikes altogether.
fn mixes_alphabets(name: &str) -> bool {
    let lookalike = |c: char| {
        matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}'
            | '\u{ff21}'..='\u{ff5a}' | '\u{1d400}'..='\u{1d7ff}')
    };
    name.contains(lookalike) && name.contains(|c: char| c.is_ascii_alphabetic())
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

    #[test]
    fn p12_homographs_in_a_name_are_pointed_out_and_plain_names_in_any_alphabet_are_not() {
        for mixed in ["\u{421}laude", "VS C\u{3bf}de", "\u{ff23}ursor for Mac", "\u{1d402}ursor"] {
            assert!(mixes_alphabets(mixed), "{mixed}");
        }
        for plain in ["Claude", "Zoë’s 時計 app", "\u{41a}\u{43b}\u{43e}\u{434}", "µTorrent", ""] {
            assert!(!mixes_alphabets(plain), "{plain}");
        }
    }
}
