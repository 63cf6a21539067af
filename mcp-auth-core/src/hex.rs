//! 32 bytes as 64 hexadecimal digits, as `sha256sum` prints a hash.

use std::fmt::{self, Display};

/// The 32 bytes that 64 hexadecimal digits are, in any case; `None` for any other text.
///
/// # Example
/// ```
/// use mcp_auth_core::hex;
/// let digits = "00ff".repeat(16);
/// let bytes = hex::read(&digits).expect("64 digits");
/// assert_eq!((bytes[0], bytes[1], hex::written(&bytes).to_string()), (0, 255, digits));
/// assert_eq!(hex::read("00ff"), None);
/// ```
pub fn read(digits: &str) -> Option<[u8; 32]> {
    let digits = digits.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(value);
        *byte = high? << 4 | low?;
    }
    Some(bytes)
}

/// The 64 digits that 32 bytes are, in small letters.
pub fn written(bytes: &[u8; 32]) -> impl Display {
    struct Digits<'a>(&'a [u8; 32]);
    impl Display for Digits<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        }
    }
    Digits(bytes)
}

/// The value of one digit.
fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_digits_are_read() {
        let digits = "09afAF".repeat(11);
        assert_eq!(read(&digits[..64]).map(|bytes| bytes[..3].to_vec()), Some(vec![0x09, 0xaf, 0xaf]));
        for bad in [&digits[..63], &digits[..65], "", &"0g".repeat(32), &"+1".repeat(32), &"é".repeat(32)] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
