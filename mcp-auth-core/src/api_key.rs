//! The text of an API key: made here, and told apart from any other text without a lookup.

use std::str::FromStr;

use crate::SecretText;
use crate::ambient::Random;

/// What every key starts with, so that people and scanners of secrets know one when they see it.
const PREFIX: &str = "mcpk_";
/// Random bytes of a key.
const BYTES: usize = 32;
/// Digits that hold them: 62 to the power of 43 is more than 2 to the power of 256.
const BODY: usize = 43;
/// Digits of the checksum, which has 32 bits.
const CHECKSUM: usize = 6;
/// All of it, in characters.
const LENGTH: usize = PREFIX.len() + BODY + CHECKSUM;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An API key: 256 random bits. `Debug` writes `***`.
///
/// - Shape: `mcpk_`, 43 digits of base 62 (`0-9A-Za-z`) for 32 random bytes, and 6 such digits for the CRC-32 (IEEE) of
///   everything before them. 54 characters, all of which a `b64token` may have (RFC 6750 §2.1).
/// - The checksum finds mistakes of typing and copying. It proves nothing: only a lookup says whether a key is known.
///
/// # Example
/// ```
/// use mcp_auth_core::{ApiKey, InvalidApiKey, ambient::SystemRandom};
/// let key = ApiKey::make(&SystemRandom);
/// assert!(ApiKey::bears_prefix(key.expose()) && key.expose().len() == 54);
/// assert_eq!(key.expose().parse::<ApiKey>(), Ok(key.clone()));
/// assert_eq!(key.expose()[1..].parse::<ApiKey>(), Err(InvalidApiKey::Prefix));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey(SecretText);

/// Why a text is not an API key. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidApiKey {
    /// It does not start as every key does.
    #[error("an API key starts with {PREFIX}")]
    Prefix,
    /// It is too short or too long.
    #[error("an API key has {LENGTH} characters; this has {0}")]
    Length(usize),
    /// It has other characters.
    #[error("after {PREFIX} an API key has letters and digits only")]
    Character,
    /// Some character is not the one that was there when the key was made.
    #[error("the checksum of the API key is wrong: a character was changed")]
    Checksum,
}

impl ApiKey {
    /// A new key.
    pub fn make(random: &dyn Random) -> Self {
        let mut bytes = [0; BYTES];
        random.fill(&mut bytes);
        let body = format!("{PREFIX}{}", base62(bytes));
        let checksum = checksum_of(&body);
        Self(SecretText::new(format!("{body}{checksum}")))
    }

    /// Whether a text is meant as such a key, whatever else is wrong with it; in any case, because a key that was
    /// mistyped is a secret too.
    pub fn bears_prefix(text: &str) -> bool {
        text.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
    }

    /// Whether a text holds such a key after something else, as `apikey/mcpk_…` does: the prefix, and as many letters and digits
    /// as its random bytes have. The checksum is not looked at, because a key that was mistyped is a secret too.
    pub fn stands_in(text: &str) -> bool {
        let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        text.as_bytes().windows(PREFIX.len()).enumerate().any(|(at, start)| {
            start.eq_ignore_ascii_case(PREFIX.as_bytes())
                && text.as_bytes().get(at + PREFIX.len()..).is_some_and(|rest| digits(rest) >= BODY)
        })
    }

    /// Where in a text a key may start, in bytes: what follows is not to be shown.
    ///
    /// # Example
    /// ```
    /// assert_eq!(mcp_auth_core::ApiKey::found_in("key = \"mcpk_hunter2\""), Some(7));
    /// ```
    pub fn found_in(text: &str) -> Option<usize> {
        text.to_ascii_lowercase().find(PREFIX)
    }

    /// The key itself, to send or hash it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, InvalidApiKey> {
        let Some(digits) = text.strip_prefix(PREFIX) else { return Err(InvalidApiKey::Prefix) };
        if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidApiKey::Character);
        }
        if text.len() != LENGTH {
            return Err(InvalidApiKey::Length(text.len()));
        }
        let (body, checksum) = text.split_at(LENGTH - CHECKSUM);
        match checksum == checksum_of(body) {
            true => Ok(Self(SecretText::new(text))),
            false => Err(InvalidApiKey::Checksum),
        }
    }
}

/// The bytes as one number in base 62, as long as the largest one.
fn base62(mut number: [u8; BYTES]) -> String {
    let mut digits = [b'0'; BODY];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0;
        for byte in &mut number {
            let part = rest * 256 + u32::from(*byte);
            (*byte, rest) = ((part / 62) as u8, part % 62);
        }
        *digit = DIGITS[rest as usize];
    }
    digits.iter().copied().map(char::from).collect()
}

/// The CRC-32 of `text` in base 62, the highest digit first.
fn checksum_of(text: &str) -> String {
    let mut rest = crc32(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        (*digit, rest) = (DIGITS[(rest % 62) as usize], rest / 62);
    }
    digits.iter().copied().map(char::from).collect()
}

/// CRC-32 as in IEEE 802.3, zip and PNG.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same byte again and again.
    struct Same(u8);

    impl Random for Same {
        fn fill(&self, out: &mut [u8]) {
            out.fill(self.0);
        }
    }

    fn key(byte: u8) -> String {
        ApiKey::make(&Same(byte)).expose().to_owned()
    }

    #[test]
    fn a_key_has_one_length_whatever_its_bytes_are_and_is_read_again() {
        for byte in 0..=255 {
            let text = key(byte);
            assert_eq!(text.len(), 54, "{byte}");
            assert!(text.parse::<ApiKey>().is_ok() && ApiKey::bears_prefix(&text), "{byte}");
        }
    }

    #[test]
    fn a_key_is_what_another_program_makes_of_the_same_bytes() {
        assert_eq!(key(0), "mcpk_000000000000000000000000000000000000000000038RaDo");
        assert_eq!(key(7), "mcpk_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11E6WUd");
        assert_eq!(key(255), "mcpk_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp100uieW");
    }

    #[test]
    fn the_checksum_is_the_crc_32_that_other_programs_compute() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn every_change_of_one_character_is_found() {
        let text = key(7);
        for at in "mcpk_".len()..text.len() {
            for other in ["0", "z", "A"] {
                let mut changed = text.clone();
                changed.replace_range(at..=at, other);
                if changed != text {
                    assert_eq!(changed.parse::<ApiKey>(), Err(InvalidApiKey::Checksum), "at {at}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_key_is_told_why_and_never_what_it_was() {
        let good = key(9);
        for (text, why) in [
            (good[5..].to_owned(), InvalidApiKey::Prefix),
            (good.to_uppercase(), InvalidApiKey::Prefix),
            (format!(" {good}"), InvalidApiKey::Prefix),
            (String::new(), InvalidApiKey::Prefix),
            ("mcpk_".to_owned(), InvalidApiKey::Length(5)),
            (format!("{good}0"), InvalidApiKey::Length(55)),
            (good[..53].to_owned(), InvalidApiKey::Length(53)),
            (format!("{good}\n"), InvalidApiKey::Character),
            (good.replace("mcpk_", "mcpk_é"), InvalidApiKey::Character),
            (good.replace("mcpk_", "mcpk_-"), InvalidApiKey::Character),
        ] {
            assert_eq!(text.parse::<ApiKey>(), Err(why), "{text}");
        }
        assert!(!format!("{:?}", good.parse::<ApiKey>()).contains(&good));
    }

    #[test]
    fn a_key_is_seen_after_something_else_also_where_it_was_mistyped() {
        let good = key(7);
        for before in ["", "apikey/", "-", "x", "é", "a.", "mcpk_", "mcpk_mcpk", "key="] {
            assert!(ApiKey::stands_in(&format!("{before}{good}")), "{before}");
            assert!(ApiKey::stands_in(&format!("{before}{}.x", good.to_uppercase())), "{before}");
            assert!(ApiKey::stands_in(&format!("{before}{}", &good[..53])), "{before}");
        }
        for other in [
            "",
            "mcpk_",
            "xmcpk_a",
            "mcpé_",
            &good[5..],
            &format!("x{}", &good[..40]),
            &good.replace('_', "-"),
        ] {
            assert!(!ApiKey::stands_in(other), "{other}");
        }
    }

    #[test]
    fn the_prefix_is_seen_in_any_case_and_only_at_the_start() {
        for bears in ["mcpk_", "mcpk_x", "MCPK_x", "Mcpk_é"] {
            assert!(ApiKey::bears_prefix(bears), "{bears}");
        }
        for other in
            ["", "mcpk", "mcpk-x", " mcpk_x", "x.mcpk_", "écpk_x", "mcp€_x", "eyJhbGciOiJFUzI1NiJ9.e30.AA"]
        {
            assert!(!ApiKey::bears_prefix(other), "{other}");
        }
    }
}
