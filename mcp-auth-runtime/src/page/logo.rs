//! A logo: a picture that stands in the page itself, so that a page loads nothing and no address serves what an operator put there.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// The largest file, in bytes: it is in every page.
pub(crate) const LARGEST_LOGO: usize = 64 * 1024;

/// A picture as a `data:` URL. As the source of an `img`, an SVG runs no script and loads nothing (SVG Integration §2.5), and the policy of the
/// pages allows neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logo(Arc<str>);

/// Why a file is not taken as a logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidLogo {
    /// More than [`LARGEST_LOGO`].
    #[error("it has more than {LARGEST_LOGO} bytes")]
    TooLarge,
    /// By its first bytes it is something else, whatever its name says.
    #[error("it is not a PNG, WebP or SVG picture")]
    Unknown,
}

impl Logo {
    /// The picture that a file holds.
    ///
    /// # Errors
    /// [`InvalidLogo`].
    pub(crate) fn read(file: &[u8]) -> Result<Self, InvalidLogo> {
        if file.len() > LARGEST_LOGO {
            return Err(InvalidLogo::TooLarge);
        }
        let media_type = media_type(file).ok_or(InvalidLogo::Unknown)?;
        Ok(Self(format!("data:{media_type};base64,{}", BASE64_STANDARD.encode(file)).into()))
    }

    pub(super) fn url(&self) -> &str {
        &self.0
    }
}

fn media_type(file: &[u8]) -> Option<&'static str> {
    if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    if file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    let text = std::str::from_utf8(file).ok()?;
    is_svg(text.strip_prefix('\u{feff}').unwrap_or(text)).then_some("image/svg+xml")
}

/// Whether the first element is `svg`, behind what XML allows before it. A document type can define entities, so it is not taken.
fn is_svg(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<?xml") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ => break,
        };
        let Some((_, behind)) = rest.split_once(end) else { return false };
        rest = behind.trim_start();
    }
    let name = rest.strip_prefix("<svg");
    name.and_then(|rest| rest.chars().next()).is_some_and(|next| next.is_whitespace() || next == '>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        for (file, begins) in [
            (&b"\x89PNG\r\n\x1a\nrest"[..], "data:image/png;base64,iVBORw0KGgpyZXN0"),
            (b"RIFF\x04\0\0\0WEBPVP8 ", "data:image/webp;base64,"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "data:image/svg+xml;base64,"),
            (b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- ours -->\n<svg>", "data:image/svg+xml;base64,"),
        ] {
            let logo = Logo::read(file).unwrap();
            assert!(logo.url().starts_with(begins), "{}", logo.url());
        }
    }

    #[test]
    fn anything_else_or_too_much_is_not_a_logo() {
        for file in [
            &b""[..],
            b"GIF89a",
            b"<!doctype html><svg>",
            b"<html><svg></svg></html>",
            b"<svgx>",
            b"<!-- <svg>",
            b"RIFF\x04\0\0\0WAVE",
            b"<!DOCTYPE svg [<!ENTITY a \"b\">]><svg>",
            b"<svg \xff>",
        ] {
            assert_eq!(Logo::read(file), Err(InvalidLogo::Unknown), "{file:?}");
        }
        let mut large = b"<svg>".to_vec();
        large.resize(LARGEST_LOGO + 1, b' ');
        assert_eq!(Logo::read(&large), Err(InvalidLogo::TooLarge));
        assert!(Logo::read(&large[..LARGEST_LOGO]).is_ok());
    }
}
