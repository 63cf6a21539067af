//! A colour of an operator's, and what of it can be read (WCAG 2.2 §1.4.3, with the formulas of its glossary).

use std::fmt;
use std::str::FromStr;

/// What text needs against what is behind it.
const READABLE: f64 = 4.5;

/// A colour: `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Color([u8; 3]);

/// Not `#` and six hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a colour is # and six hexadecimal digits")]
pub(crate) struct InvalidColor;

impl FromStr for Color {
    type Err = InvalidColor;
    fn from_str(text: &str) -> Result<Self, InvalidColor> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(InvalidColor)?;
        // A sign is not a digit.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(InvalidColor);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| InvalidColor)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Color {
    pub(super) const BLACK: Self = Self([0; 3]);
    pub(super) const WHITE: Self = Self([255; 3]);

    /// The colour of text that is read on this one: white or black, whichever stands out more. It is 4.58:1 at least, since the two
    /// contrasts multiply to 21.
    pub(super) fn of_text_on(self) -> Self {
        if contrast(self, Self::WHITE) >= contrast(self, Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }

    /// This colour, mixed with `towards` only as far as text of it can be read on each of `grounds`.
    pub(super) fn readable_on(self, grounds: &[Self], towards: Self) -> Self {
        let mixes = (0..=20).map(|twentieths| self.mixed(towards, twentieths));
        let is_read = |color: &Self| grounds.iter().all(|ground| contrast(*color, *ground) >= READABLE);
        mixes.into_iter().find(is_read).unwrap_or(towards)
    }

    /// So many twentieths of `other` in it.
    fn mixed(self, other: Self, twentieths: u16) -> Self {
        let mix = |own: u8, other: u8| {
            let sum = u16::from(own) * (20 - twentieths) + u16::from(other) * twentieths;
            u8::try_from(sum / 20).unwrap_or(u8::MAX)
        };
        let ([red, green, blue], [to_red, to_green, to_blue]) = (self.0, other.0);
        Self([mix(red, to_red), mix(green, to_green), mix(blue, to_blue)])
    }

    /// Relative luminance, 0 of black to 1 of white.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

/// The contrast ratio of two colours, 1 to 21.
fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(text: &str) -> Color {
        text.parse().unwrap()
    }

    #[test]
    fn a_colour_is_six_hexadecimal_digits() {
        assert_eq!(color("#0B57d0").to_string(), "#0b57d0");
        for bad in
            ["", "#", "#fff", "0b57d0", "#0b57d0ff", "#0b57dg", "#+b57d0", "red", "#0b57d0;}", "#é57d0"]
        {
            assert_eq!(bad.parse::<Color>(), Err(InvalidColor), "{bad:?}");
        }
    }

    #[test]
    fn the_contrast_is_that_of_wcag() {
        assert!((contrast(Color::BLACK, Color::WHITE) - 21.0).abs() < 1e-9);
        assert!((contrast(color("#777777"), Color::WHITE) - 4.48).abs() < 0.01);
        assert!((contrast(color("#0b57d0"), Color::WHITE) - 6.37).abs() < 0.05);
    }

    #[test]
    fn text_is_readable_on_every_colour_and_every_colour_is_made_readable() {
        let (light, dark) = ([color("#f4f5f7"), Color::WHITE], [color("#101418"), color("#1a1f25")]);
        for red in (0..=255).step_by(51) {
            for green in (0..=255).step_by(51) {
                for blue in (0..=255).step_by(51) {
                    let own = Color([red, green, blue]);
                    assert!(contrast(own.of_text_on(), own) >= READABLE, "{own}");
                    for (grounds, towards) in [(light, Color::BLACK), (dark, Color::WHITE)] {
                        let read = own.readable_on(&grounds, towards);
                        assert!(grounds.iter().all(|ground| contrast(read, *ground) >= READABLE), "{own}");
                    }
                }
            }
        }
        // What can be read stays as it is, its twin in the other scheme does not.
        assert_eq!(color("#0b57d0").readable_on(&light, Color::BLACK), color("#0b57d0"));
        assert_ne!(color("#0b57d0").readable_on(&dark, Color::WHITE), color("#0b57d0"));
        assert_ne!(color("#ffdd00").readable_on(&light, Color::BLACK), color("#ffdd00"));
    }
}
