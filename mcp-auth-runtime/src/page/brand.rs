//! What an operator makes their own on the pages: name, logo, colour, and where people find help.

use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use maud::{Markup, html};
use mcp_auth_core::seen::plain;

use super::color::Color;
use super::logo::Logo;

/// The one style sheet of the pages.
pub const PAGE_STYLE: &str = include_str!("style.css");

/// What is behind text, in light and in dark, as the style sheet says it.
const LIGHT: [&str; 2] = ["#f4f5f7", "#ffffff"];
const DARK: [&str; 2] = ["#101418", "#1a1f25"];

/// How the pages of a server look.
#[derive(Debug, Clone)]
pub struct Brand {
    name: String,
    logo: Option<Logo>,
    support: Option<String>,
    style: Arc<str>,
    style_source: Arc<str>,
}

impl Brand {
    /// `name` is that of the server; it is shown on one line, with every character visible. `support` is a URL, `https:` or `mailto:`.
    pub(crate) fn new(name: &str, color: Option<Color>, logo: Option<Logo>, support: Option<String>) -> Self {
        let style =
            color.map_or_else(|| PAGE_STYLE.to_owned(), |color| format!("{PAGE_STYLE}{}", tinted(color)));
        let style_source = source_of(&style).into();
        let name = plain(name, usize::MAX);
        Self { name, logo, support, style: style.into(), style_source }
    }

    /// One with the name alone.
    pub fn named(name: &str) -> Self {
        Self::new(name, None, None, None)
    }

    /// The name of the server, as people see it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The style sheet.
    pub(super) fn style(&self) -> &str {
        &self.style
    }

    /// What a policy says to allow it.
    pub(super) fn style_source(&self) -> &str {
        &self.style_source
    }

    /// What a policy says to allow the logo.
    pub(super) fn picture_source(&self) -> &'static str {
        if self.logo.is_some() { "img-src data:; " } else { "" }
    }

    /// Stands above the page.
    pub(super) fn header(&self) -> Option<Markup> {
        let logo = self.logo.as_ref()?;
        Some(html! { header { img.logo src=(logo.url()) alt=(self.name); } })
    }

    /// Where people find help.
    pub(super) fn support(&self) -> Option<&str> {
        self.support.as_deref()
    }
}

/// What a policy says to allow a text of the page by its hash (CSP Level 3 §2.3.1).
pub(super) fn source_of(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(digest::digest(&digest::SHA256, text.as_bytes())))
}

/// The style in an operator's colour. Buttons have exactly this colour, and text on them is white or black. Links and what has the focus have it
/// as it is where it can be read, else darker (in dark, lighter) as far as that takes.
fn tinted(color: Color) -> String {
    let grounds = |texts: [&str; 2]| texts.map(|text| text.parse().unwrap_or(Color::WHITE));
    let (light, dark) =
        (color.readable_on(&grounds(LIGHT), Color::BLACK), color.readable_on(&grounds(DARK), Color::WHITE));
    let mut style =
        format!(":root {{ --accent: {light}; --button: {color}; --on-button: {}; }}\n", color.of_text_on());
    let _ = writeln!(style, "@media (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; }} }}");
    style
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grounds_are_those_of_the_style_sheet() {
        // White stands there in its short form.
        assert!(PAGE_STYLE.contains("--ground: #f4f5f7; --card: #fff;"));
        assert!(PAGE_STYLE.contains("--ground: #101418; --card: #1a1f25;"));
    }

    #[test]
    fn a_bright_colour_is_that_of_buttons_and_darker_where_it_is_text() {
        let style = tinted("#ffdd00".parse().unwrap());
        assert!(style.contains("--button: #ffdd00; --on-button: #000000;"), "{style}");
        assert!(!style.contains("--accent: #ffdd00; --button"), "{style}");
        assert!(style.contains("dark) { :root { --accent: #ffdd00; } }"), "{style}");
    }
}
