//! Text that a stranger chose, a client's name above all. Shown, it must neither act nor disguise (escaping is the
//! template's).

use maud::{Markup, html};
use mcp_auth_core::seen::plain;
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
    let name = plain(client.name.as_deref().unwrap_or_default(), MAX_NAME);
    if name.is_empty() { "An application without a name".to_owned() } else { name }
}

/// A value of a request: one line, cut, visible.
pub(super) fn cut(value: &str) -> String {
    plain(value, MAX_VALUE)
}

/// Text of the configuration: one line, visible, and all of it.
pub(crate) fn visible(text: &str) -> String {
    plain(text, usize::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

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
