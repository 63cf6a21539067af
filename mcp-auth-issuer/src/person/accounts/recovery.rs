//! Recovery codes: each logs in once, for who lost the device with the one-time codes.

use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Random;
use mcp_auth_store::SecretHash;

use super::base32;

/// So many are made at once.
pub(super) const HOW_MANY: usize = 10;
/// The bytes of one: 80 bits, which nobody guesses, so a plain hash of it can be kept.
const BYTES: usize = 10;

/// New codes, as the person keeps them, such as `abcd-efgh-ijkl-mnop`.
pub(super) fn new_codes(random: &dyn Random) -> Vec<SecretText> {
    let code = |_| {
        let mut bytes = [0; BYTES];
        random.fill(&mut bytes);
        let text = base32::written(&bytes).to_lowercase();
        let parts: Vec<String> =
            text.as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
        SecretText::new(parts.join("-"))
    };
    (0..HOW_MANY).map(code).collect()
}

/// What is kept of a code, as somebody may write it.
pub(super) fn hash(code: &str) -> SecretHash {
    let letters = code.chars().filter(|c| !matches!(c, '-' | ' '));
    SecretHash::of(&letters.map(|c| c.to_ascii_lowercase()).collect::<String>())
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;

    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_written_and_different_from_the_others() {
        let codes = new_codes(&SystemRandom);
        assert_eq!(codes.len(), HOW_MANY);
        let code = codes[0].expose();
        assert_eq!(code.len(), 19, "{code}");
        let kept = hash(code);
        assert_eq!(kept, hash(&code.to_uppercase()));
        assert_eq!(kept, hash(&code.replace('-', " ")));
        assert_eq!(codes.iter().filter(|code| hash(code.expose()) == kept).count(), 1);
    }
}
