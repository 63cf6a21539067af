//! Where a chunked body ends (RFC 9112 §7.1).
//!
//! hyper 1.12 decodes the body (`proto/h1/decode.rs`); this follows the same bytes with the same reading, so that both
//! find the next head at the same place. It is stricter at one point: hyper takes a bare LF inside of a trailer line.

/// Follows a chunked body, in any slicing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunks {
    expects: Expects,
    /// The size of the chunk whose line is read, then what is left of it.
    left: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expects {
    FirstDigit,
    Digits,
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// A trailer line, or the CR of the empty line that ends the body.
    TrailerStart,
    Trailer,
    TrailerLf,
    LastLf,
}

/// How far the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Followed {
    /// The body goes on behind all of them.
    All,
    /// The body ended with so many of them.
    EndedAt(usize),
    /// After so many of them comes one that may not stand there.
    BrokenAt(usize),
}

impl Chunks {
    pub(super) fn new() -> Self {
        Self { expects: Expects::FirstDigit, left: 0 }
    }

    pub(super) fn follow(&mut self, bytes: &[u8]) -> Followed {
        let mut at = 0;
        while at < bytes.len() {
            if self.expects == Expects::Data {
                let here = u64::try_from(bytes.len() - at).unwrap_or(u64::MAX).min(self.left);
                self.left -= here;
                at += usize::try_from(here).unwrap_or(usize::MAX); // at most what is here
                if self.left == 0 {
                    self.expects = Expects::DataCr;
                }
                continue;
            }
            if self.expects == Expects::LastLf && bytes[at] == b'\n' {
                return Followed::EndedAt(at + 1);
            }
            match self.after(bytes[at]) {
                Some(expects) => self.expects = expects,
                None => return Followed::BrokenAt(at),
            }
            at += 1;
        }
        Followed::All
    }

    /// What is expected behind this byte; `None` where it may not stand here.
    fn after(&mut self, byte: u8) -> Option<Expects> {
        let is_text = matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
        let next = match (self.expects, byte) {
            (Expects::FirstDigit | Expects::Digits, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16)?;
                self.left = self.left.checked_mul(16)?.checked_add(digit.into())?;
                Expects::Digits
            }
            (Expects::Digits | Expects::Space, b' ' | b'\t') => Expects::Space,
            (Expects::Digits | Expects::Space, b';') => Expects::Extension,
            (Expects::Digits | Expects::Space | Expects::Extension, b'\r') => Expects::SizeLf,
            (Expects::Extension, _) if is_text => Expects::Extension,
            (Expects::SizeLf, b'\n') if self.left == 0 => Expects::TrailerStart,
            (Expects::SizeLf, b'\n') => Expects::Data,
            (Expects::DataCr, b'\r') => Expects::DataLf,
            (Expects::DataLf, b'\n') => Expects::FirstDigit,
            (Expects::TrailerStart, b'\r') => Expects::LastLf,
            (Expects::Trailer, b'\r') => Expects::TrailerLf,
            (Expects::TrailerStart | Expects::Trailer, _) if is_text => Expects::Trailer,
            (Expects::TrailerLf, b'\n') => Expects::TrailerStart,
            _ => return None,
        };
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(body: &str, slice: usize) -> Followed {
        let (mut chunks, mut before) = (Chunks::new(), 0);
        for bytes in body.as_bytes().chunks(slice) {
            match chunks.follow(bytes) {
                Followed::All => before += bytes.len(),
                Followed::EndedAt(at) => return Followed::EndedAt(before + at),
                Followed::BrokenAt(at) => return Followed::BrokenAt(before + at),
            }
        }
        Followed::All
    }

    #[test]
    fn a_body_ends_behind_its_last_chunk_and_trailers_in_any_slicing() {
        for body in [
            "0\r\n\r\n",
            "4\r\nping\r\n0\r\n\r\n",
            "a\r\n0\r\n\r\n5\r\n\r\n\r\n000\r\n\r\n",
            "4;a=b;c=\"d\"\r\nping\r\n00 \t;x\r\nX: a\r\nY: b\r\n\r\n",
            "F\r\n0123456789abcde\r\n0\r\n\r\n",
        ] {
            for slice in 1..=body.len() + 1 {
                let more = format!("{body}GET");
                assert_eq!(followed(&more, slice), Followed::EndedAt(body.len()), "{body:?} by {slice}");
                assert_eq!(followed(&body[..body.len() - 1], slice), Followed::All, "{body:?} by {slice}");
            }
        }
    }

    #[test]
    fn a_byte_that_may_not_stand_there_breaks_the_body_at_that_byte() {
        for (body, at) in [
            ("\r\n", 0),
            ("+4\r\n", 0),
            ("0x4\r\n", 1),
            ("4\nping", 1),
            ("4;a\nping", 3),
            ("4;a\rb", 4),
            ("4 4\r\n", 2),
            ("4\r\npingX", 7),
            ("4\r\nping\n", 7),
            ("4\r\nping\r\r", 8),
            ("0\r\n\n", 3),
            ("0\r\nX: a\nY: b\r\n\r\n", 7),
            ("0\r\nX: a\0\r\n\r\n", 7),
            ("fffffffffffffffff\r\n", 16),
        ] {
            for slice in 1..=body.len() {
                assert_eq!(followed(body, slice), Followed::BrokenAt(at), "{body:?} by {slice}");
            }
        }
    }
}
