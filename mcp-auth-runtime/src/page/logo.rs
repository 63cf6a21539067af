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
    /// An SVG with a document type, which can define entities.
    #[error("it has a document type: take `<!DOCTYPE …>` out of it")]
    DocumentType,
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
        let media_type = media_type(file)?;
        Ok(Self(format!("data:{media_type};base64,{}", BASE64_STANDARD.encode(file)).into()))
    }

    pub(super) fn url(&self) -> &str {
        &self.0
    }
}

fn media_type(file: &[u8]) -> Result<&'static str, InvalidLogo> {
    if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok("image/png");
    }
    if file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP") {
        return Ok("image/webp");
    }
    let text = std::str::from_utf8(file).map_err(|_| InvalidLogo::Unknown)?;
    verify_svg(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    Ok("image/svg+xml")
}

/// The namespace without which browsers show no picture.
const SVG: &str = "http://www.w3.org/2000/svg";

/// Checks that the first element is an `svg` of the namespace of SVG, behind what XML allows before it.
fn verify_svg(text: &str) -> Result<(), InvalidLogo> {
    let mut rest = text.trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<?xml") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!DOCTYPE svg") => return Err(InvalidLogo::DocumentType),
            _ => break,
        };
        let (_, behind) = rest.split_once(end).ok_or(InvalidLogo::Unknown)?;
        rest = behind.trim_start();
    }
    let (element, _) =
        rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or(InvalidLogo::Unknown)?;
    let name = element.split(|next: char| next.is_whitespace() || next == '/').next().unwrap_or_default();
    let local = name.rsplit(':').next();
    if local == Some("svg") && element.contains(SVG) { Ok(()) } else { Err(InvalidLogo::Unknown) }
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
            (
                b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- ours -->\n<svg\n xmlns='http://www.w3.org/2000/svg'>",
                "data:image/svg+xml;base64,",
            ),
            (b"<svg:svg xmlns:svg=\"http://www.w3.org/2000/svg\">", "data:image/svg+xml;base64,"),
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
            b"<svg>",
            b"<svg/>",
            b"<a><svg xmlns=\"http://www.w3.org/2000/svg\"/></a>",
            b"<svg \xff>",
        ] {
            assert_eq!(Logo::read(file), Err(InvalidLogo::Unknown), "{file:?}");
        }
        for typed in [
            "<!DOCTYPE svg [<!ENTITY a \"b\">]><svg>",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE svg PUBLIC \"x\">\n<svg>",
        ] {
            assert_eq!(Logo::read(typed.as_bytes()), Err(InvalidLogo::DocumentType), "{typed}");
        }
        let mut large = b"<svg xmlns='http://www.w3.org/2000/svg'>".to_vec();
        large.resize(LARGEST_LOGO + 1, b' ');
        assert_eq!(Logo::read(&large), Err(InvalidLogo::TooLarge));
        assert!(Logo::read(&large[..LARGEST_LOGO]).is_ok());
    }
}
