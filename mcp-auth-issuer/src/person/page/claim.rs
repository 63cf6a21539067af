//! Text that a client chose, above all its name. When shown, it must not affect or imitate the rest of the page (the
//! template escapes HTML).

use maud::{Markup, html};
use mcp_auth_core::seen::plain;
use mcp_auth_runtime::facade::said;
use mcp_auth_store::Client;

use super::host::{look_alike, stressed};
use super::speaking::texts;
use crate::issuer::Issuer;

/// The most characters of a name that are shown.
const MAX_NAME: usize = 60;
/// The most characters of any other value that are shown.
const MAX_VALUE: usize = 200;

/// Which application it is: the name that the operator gave it, or the name that it claims, and, where its identifier is the URL of a
/// description, the site that publishes this. Of what it says itself only the site is verified.
pub(super) fn application(issuer: &Issuer, client: Option<&Client>) -> Markup {
    match client.filter(|client| issuer.is_named(&client.id)) {
        Some(client) => named(client),
        None => claimed_and_published(client, client.and_then(|client| issuer.publisher(&client.id))),
    }
}

/// An application that the operator registered: its name, or else its identifier. Both are the operator's words, and no claim of its own.
pub(super) fn named(client: &Client) -> Markup {
    html! {
        dt { (texts().application) }
        dd {
            strong { bdi { (visible(client.name.as_deref().unwrap_or(&client.id))) } }
            p.hint { (said(texts().known_as, &[("id", &html! { code { bdi { (visible(&client.id)) } } })])) }
        }
    }
}

fn claimed_and_published(client: Option<&Client>, publisher: Option<String>) -> Markup {
    html! {
        dt { (texts().application) }
        dd { (claimed(client.and_then(|client| client.name.as_deref()))) }
        @if let Some((client, host)) = client.zip(publisher) {
            dt { (texts().published_by) }
            dd {
                (stressed(&host))
                p.hint {
                    (said(texts().published_verified, &[("url", &html! { code { bdi { (cut(&client.id)) } } })]))
                    @if let Some(hint) = look_alike(&host) { (hint) }
                }
            }
        }
    }
}

/// The name that a client gave itself, in a frame, so that no text in it looks like the page's own, and marked as unverified.
fn claimed(name: Option<&str>) -> Markup {
    let name = shown_name(name);
    html! {
        bdi.claim { (name) }
        p.hint {
            (texts().own_claim)
            @if mixes_alphabets(&name) { " " (texts().mixed_alphabets) }
        }
    }
}

/// The name on one line, cut, without characters that are invisible or change the direction of text.
fn shown_name(name: Option<&str>) -> String {
    let name = plain(name.unwrap_or_default(), MAX_NAME);
    if name.is_empty() { texts().without_name.to_owned() } else { name }
}

/// A value from a request: on one line, cut, with every character visible.
pub(super) fn cut(value: &str) -> String {
    plain(value, MAX_VALUE)
}

/// Text from the configuration: on one line, with every character visible, not cut.
pub(crate) fn visible(text: &str) -> String {
    plain(text, usize::MAX)
}

/// Whether Latin letters are mixed with letters that look like them: Greek, Cyrillic, Armenian, Cherokee, full width
/// or mathematical ones. This is only a hint, because a word may consist of look-alikes completely.
fn mixes_alphabets(name: &str) -> bool {
    let lookalike = |c: char| {
        matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}'
            | '\u{ff21}'..='\u{ff5a}' | '\u{1d400}'..='\u{1d7ff}')
    };
    name.contains(lookalike) && name.contains(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ScopeSet;
    use mcp_auth_store::ClientCredential;

    use super::*;
    use crate::client::document::host_of;

    #[test]
    fn the_site_that_publishes_an_application_is_named_and_one_that_registered_has_none() {
        let client = |id: &str| Client {
            id: id.to_owned(),
            name: Some("Claude".to_owned()),
            redirect_uris: Vec::new(),
            grant_types: Client::for_people(true),
            scopes: ScopeSet::default(),
            credential: ClientCredential::None,
            secret_in_form: false,
            registered_at: 0,
            registration_token: None,
            require_par: false,
            dpop_bound: false,
        };
        let application = |id: &str| claimed_and_published(Some(&client(id)), host_of(id)).into_string();
        let shown = application("https://claude.ai.evil.example/c.json");
        assert!(
            shown.contains("<span class=\"quiet\">claude.ai.</span><strong>evil.example</strong>"),
            "{shown}"
        );
        let foreign = application("https://xn--clade-dsa.example/c.json");
        assert!(foreign.contains("letters beyond a to z") && !shown.contains("letters beyond"), "{foreign}");
        assert!(!application("client_AAAAAAAAAAAAAAAAAAAAAA").contains("Published by"));
        assert!(!claimed_and_published(None, None).into_string().contains("Published by"));
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
