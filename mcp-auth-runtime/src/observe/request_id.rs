//! The id of one request: all lines of the log about it have it, and over HTTP its client is told. No secret is in it, and
//! nothing follows from it.

use std::fmt;

use http::HeaderValue;
use mcp_auth_core::ambient::Random;

/// The longest one that is taken from a proxy, in bytes.
pub(crate) const LONGEST: usize = 64;
/// The random bytes of one that is made here: nobody meets one twice.
const MADE_OF: usize = 12;

/// Up to 64 letters, digits, `.`, `_` and `-`: in no place where it is written does it end something or begin something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId {
    text: [u8; LONGEST],
    length: usize,
}

impl RequestId {
    /// A new one: 24 hexadecimal digits.
    pub(crate) fn made(random: &dyn Random) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut bytes = [0; MADE_OF];
        random.fill(&mut bytes);
        let mut text = [0; LONGEST];
        for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        Self { text, length: 2 * MADE_OF }
    }

    /// One that a proxy chose, if it is of a form that can be written anywhere.
    pub(crate) fn read(chosen: &[u8]) -> Option<Self> {
        let is_plain = chosen.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
        let mut text = [0; LONGEST];
        text.get_mut(..chosen.len()).filter(|_| is_plain && !chosen.is_empty())?.copy_from_slice(chosen);
        Some(Self { text, length: chosen.len() })
    }

    /// It as text.
    pub(crate) fn as_str(&self) -> &str {
        self.text.get(..self.length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }

    /// It as the value of a header.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(self.as_str()).ok()
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;

    use super::*;

    struct Counting;

    impl Random for Counting {
        fn fill(&self, out: &mut [u8]) {
            for (index, byte) in out.iter_mut().enumerate() {
                *byte = u8::try_from(index * 23 % 256).unwrap();
            }
        }
    }

    #[test]
    fn one_that_is_made_is_the_randomness_it_is_given_and_no_two_are_alike() {
        assert_eq!(RequestId::made(&Counting).as_str(), "00172e455c738aa1b8cfe6fd");
        assert_ne!(RequestId::made(&SystemRandom), RequestId::made(&SystemRandom));
        let made = RequestId::made(&SystemRandom);
        assert_eq!(RequestId::read(made.as_str().as_bytes()), Some(made));
    }

    #[test]
    fn one_of_a_proxy_is_taken_where_it_can_be_written_anywhere() {
        let longest = "a".repeat(LONGEST);
        for good in ["a", "4bf92f3577b34da6a3ce929d0e0e4736", "8c2f-1.eu_west", "-", &longest] {
            let read = RequestId::read(good.as_bytes()).unwrap();
            assert_eq!((read.as_str(), read.header().unwrap()), (good, HeaderValue::from_str(good).unwrap()));
        }
        let too_long = "a".repeat(LONGEST + 1);
        for bad in
            ["", " ", "a b", "a,b", "a\tb", "a\"", "a\n", "a\u{1b}[2J", "a=b", "a/b", "ä", "{}", &too_long]
        {
            assert_eq!(RequestId::read(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(RequestId::read(b"a\xff"), None);
    }
}
