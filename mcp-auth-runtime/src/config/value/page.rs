//! What an operator makes their own on pages: a picture, a colour, and where people find help.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use mcp_auth_core::net;
use serde::{Serialize, Serializer};

use super::{ValueError, text_value};
use crate::page::Color;

/// A file with a picture: `"file:/path"`, relative to the configuration file. Everyone sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoFile(PathBuf);

impl LogoFile {
    /// Its path, as written.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for LogoFile {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.strip_prefix("file:") {
            Some(path) if !path.trim().is_empty() => Ok(Self(path.into())),
            _ => Err(ValueError::malformed(text, "the place of a picture, such as \"file:logo.svg\"")),
        }
    }
}

impl Serialize for LogoFile {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("file:{}", self.0.display()))
    }
}

text_value!(LogoFile, "the place of a picture, such as \"file:logo.svg\"");

/// A colour: `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageColor(Color);

impl PageColor {
    /// The colour.
    pub(crate) fn get(self) -> Color {
        self.0
    }
}

impl FromStr for PageColor {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let color = text.parse();
        color.map(Self).map_err(|_| ValueError::malformed(text, "a colour such as \"#0b57d0\""))
    }
}

impl Serialize for PageColor {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

text_value!(PageColor, "a colour such as \"#0b57d0\"");

/// Where people find help: an `https` URL, or `mailto:` and one address, with what belongs behind it (RFC 6068 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SupportUrl(String);

/// What one is.
const SUPPORT: &str = "an https URL, or \"mailto:\" and an address, such as \"mailto:help@example.com\"";

impl SupportUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SupportUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let is_taken = match text.strip_prefix("mailto:") {
            Some(rest) => is_address(rest.split('?').next().unwrap_or_default()) && is_of_url(rest),
            None => text.parse::<net::HttpUrl>().is_ok_and(|url| url.url().scheme() == "https"),
        };
        match is_taken {
            true => Ok(Self(text.to_owned())),
            false => Err(ValueError::malformed(text, SUPPORT)),
        }
    }
}

/// Whether it has one `@`, and something on both sides.
fn is_address(text: &str) -> bool {
    let sides = text.split_once('@');
    sides.is_some_and(|(person, host)| {
        !person.is_empty() && !host.is_empty() && !text.contains(',') && !host.contains('@')
    })
}

/// The characters of a URL (RFC 3986 §2), without those that some programs read as the end of one.
fn is_of_url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&*+,;=:@/?%".contains(&byte))
}

text_value!(SupportUrl, "a URL such as \"mailto:help@example.com\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_named_by_its_path() {
        assert_eq!("file:logo.svg".parse::<LogoFile>().unwrap().path(), Path::new("logo.svg"));
        for bad in
            ["", "file:", "file: ", "logo.svg", "https://example.com/logo.svg", "data:image/png;base64,AA"]
        {
            assert!(bad.parse::<LogoFile>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_colour_is_six_digits_and_the_error_shows_one() {
        assert_eq!(serde_json::to_value("#0B57D0".parse::<PageColor>().unwrap()).unwrap(), "#0b57d0");
        let error = "blue".parse::<PageColor>().unwrap_err().to_string();
        assert_eq!(error, "is \"blue\", expected a colour such as \"#0b57d0\"");
    }

    #[test]
    fn help_is_at_a_secure_page_or_an_address_and_nowhere_else() {
        for good in [
            "https://example.com/help?from=login#top",
            "mailto:help@example.com",
            "mailto:help@example.com?subject=To-do%20list",
        ] {
            assert_eq!(good.parse::<SupportUrl>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "http://example.com/help",
            "javascript:alert(1)",
            "mailto:",
            "mailto:help",
            "mailto:@example.com",
            "mailto:a@b@c",
            "mailto:a,b@example.com",
            "mailto:a@example.com,b@example.com",
            "mailto:help@example.com\n",
            "mailto:\"><script>@example.com",
            "MAILTO:help@example.com",
            "tel:+491234",
            "https://",
            "help@example.com",
        ] {
            assert!(bad.parse::<SupportUrl>().is_err(), "{bad:?}");
        }
    }
}
