//! A QR code (ISO/IEC 18004) as a picture in the page: the page loads nothing, and its policy needs no exception.

use std::fmt::Write as _;

use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};

/// The empty squares around it, without which a camera does not find it (ISO/IEC 18004 §6.3.8).
const QUIET: usize = 4;

/// The QR code of `text`, which `label` tells those about who do not see it. A text that is too long for one has none.
pub(super) fn qr(text: &str, label: &str) -> Option<Markup> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colors) = (code.width(), code.into_colors());
    let side = width + 2 * QUIET;
    // Dark on white also where the page is dark: many cameras do not read it the other way round.
    Some(html! {
        svg.qr role="img" aria-label=(label) viewBox={ "0 0 " (side) " " (side) } width="224" height="224" shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(dark(&colors, width)) fill="#000" {}
        }
    })
}

/// The dark squares, each run of a row as one piece of the path.
fn dark(colors: &[Color], width: usize) -> String {
    let mut path = String::new();
    for (y, row) in colors.chunks(width.max(1)).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run.first() == Some(&Color::Dark) {
                let _ = write!(path, "M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, run.len(), run.len());
            }
            x += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The squares that the path fills.
    fn filled(path: &str) -> Vec<(usize, usize)> {
        let pieces = path.split('M').skip(1).map(|piece| {
            let (at, rest) = piece.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            (x.parse::<usize>().unwrap(), y.parse::<usize>().unwrap(), length)
        });
        pieces.flat_map(|(x, y, length)| (x..x + length).map(move |x| (x, y))).collect()
    }

    #[test]
    fn the_picture_has_exactly_the_dark_squares_of_the_code_inside_its_quiet_zone() {
        let text = "otpauth://totp/todos:ann?secret=GEZDGNBVGY3TQOJQ";
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let (width, colors) = (code.width(), code.to_colors());
        let mut squares = filled(&dark(&colors, width));
        squares.sort_unstable();
        let mut dark_ones: Vec<_> = (0..width * width)
            .filter(|at| colors[*at] == Color::Dark)
            .map(|at| (at % width + QUIET, at / width + QUIET))
            .collect();
        dark_ones.sort_unstable();
        assert_eq!(squares, dark_ones);
        // A finder pattern begins in the corner, behind the quiet zone.
        assert_eq!(squares.first(), Some(&(QUIET, QUIET)));
        let page = qr(text, "What it <is>").unwrap().into_string();
        assert!(
            page.starts_with("<svg class=\"qr\" role=\"img\" aria-label=\"What it &lt;is&gt;\""),
            "{page}"
        );
        assert!(page.contains(&format!("viewBox=\"0 0 {0} {0}\"", width + 2 * QUIET)), "{page}");
        assert!(!page.contains("style=") && !page.contains("href"), "{page}");
    }

    #[test]
    fn a_text_that_no_code_can_hold_has_none() {
        assert!(qr(&"a".repeat(5000), "too long").is_none());
    }
}
