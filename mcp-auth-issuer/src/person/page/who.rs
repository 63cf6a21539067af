//! Who a person is, as pages name them.

use maud::{Markup, html};
use mcp_auth_store::Browser;

use super::claim::{cut, visible};
use super::speaking::texts;

/// A person, as pages name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Who<'a> {
    /// What they are called. At a provider they may have chosen it.
    pub(crate) name: &'a str,
    /// By what the provider tells them from others.
    known_as: Option<&'a str>,
}

impl<'a> Who<'a> {
    /// The person `subject`, as far as a login named them.
    pub(crate) fn new(subject: &'a str, name: Option<&'a str>, known_as: Option<&'a str>) -> Self {
        let name = name.or(known_as).unwrap_or(subject);
        Self { name, known_as: known_as.filter(|known_as| *known_as != name) }
    }

    /// The line of a page that says so.
    pub(super) fn line(self) -> Markup {
        html! {
            dt { (texts().you_are) }
            dd { (self.named()) }
        }
    }

    /// The same within a sentence.
    pub(super) fn named(self) -> Markup {
        html! {
            strong { bdi { (visible(self.name)) } }
            @if let Some(known_as) = self.known_as { " (" bdi { (cut(known_as)) } ")" }
        }
    }
}

impl<'a> From<&'a Browser> for Who<'a> {
    fn from(browser: &'a Browser) -> Self {
        Self::new(&browser.subject, browser.name.as_deref(), browser.known_as.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_once_with_what_the_provider_knows_them_by_beside_a_name_alone() {
        let line = |name, known_as| Who::new("oidc_x", name, known_as).line().into_string();
        let (ann, bob) = ("<strong><bdi>Ann</bdi></strong>", "(<bdi>bob@example.com</bdi>)");
        let both = line(Some("Ann"), Some("bob@example.com"));
        assert!(both.contains(&format!("{ann} {bob}")), "{both}");
        assert!(line(Some("Ann"), None).contains(&format!("{ann}</dd>")));
        assert!(line(Some("Ann"), Some("Ann")).contains(&format!("{ann}</dd>")));
        assert!(line(None, Some("17")).contains("<dd><strong><bdi>17</bdi></strong></dd>"));
        assert!(line(None, None).contains("<dd><strong><bdi>oidc_x</bdi></strong></dd>"));
        let hostile = line(Some("Ann"), Some(&format!("<b>\u{202e}{}", "x".repeat(900))));
        assert!(hostile.contains("&lt;b&gt;") && !hostile.contains('\u{202e}'), "{hostile}");
        assert!(hostile.len() < 400, "{hostile}");
    }
}
