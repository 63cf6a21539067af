//! Which passwords a person may choose (NIST SP 800-63B §3.1.1.2): long ones, of any characters.

use mcp_auth_core::SecretText;

use super::name::folded;
use super::password::normalized;

/// The fewest characters of a password. SP 800-63B asks for 15 where it is the only factor, and for 8 beside another one.
const SHORTEST: usize = 12;
/// The most.
pub(super) const LONGEST: usize = 128;
/// The fewest characters that differ: `aaaaaaaaaaaa` and `121212121212` are tried first.
const FEWEST_DIFFERENT: usize = 5;

/// Why a password cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnfitPassword {
    /// It is too short.
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    /// It is too long.
    #[error("a password has at most {LONGEST} characters")]
    TooLong,
    /// It is, or repeats, the name of the account.
    #[error("the password is the name of the account, or little more")]
    IsName,
    /// It has few different characters.
    #[error("the password has fewer than {FEWEST_DIFFERENT} different characters")]
    TooUniform,
}

/// Whether a person of this name may choose this password.
///
/// # Errors
/// [`UnfitPassword`].
pub(super) fn check(password: &SecretText, name: &str) -> Result<(), UnfitPassword> {
    let password = normalized(password);
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(UnfitPassword::TooShort);
    }
    if length > LONGEST {
        return Err(UnfitPassword::TooLong);
    }
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    if different.len() < FEWEST_DIFFERENT {
        return Err(UnfitPassword::TooUniform);
    }
    let (name, rest) = (folded(name), folded(&password));
    // What is left beside the name is what has to be guessed.
    let rest = if name.is_empty() { rest } else { rest.replace(&name, "") };
    match rest.chars().count() < 6 && rest != folded(&password) {
        true => Err(UnfitPassword::IsName),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(password: &str) -> Result<(), UnfitPassword> {
        check(&SecretText::new(password), "Alexandra.Lee")
    }

    #[test]
    fn a_password_is_long_and_not_the_name_and_may_have_any_characters() {
        for good in [
            "correct horse",
            "abcdefghijkl",
            "\u{1f600}\u{1f601}\u{1f602}\u{1f603}\u{1f604}\u{1f605}\u{1f606}\u{1f607}\u{1f608}\u{1f609}\u{1f60a}\u{1f60b}",
            "Alexandra.Lee plus some",
            &"abcdefgh".repeat(16),
        ] {
            assert_eq!(checked(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", UnfitPassword::TooShort),
            ("abcdefghijk", UnfitPassword::TooShort),
            (&"abcdefghi".repeat(15), UnfitPassword::TooLong),
            ("aaaaaaaaaaaaaaaa", UnfitPassword::TooUniform),
            ("121212121212", UnfitPassword::TooUniform),
            ("Alexandra.Lee", UnfitPassword::IsName),
            ("alexandra.lee1", UnfitPassword::IsName),
            ("ALEXANDRA.LEEalexandra.lee", UnfitPassword::IsName),
        ] {
            assert_eq!(checked(bad), Err(why), "{bad}");
        }
        assert_eq!(check(&SecretText::new("abcdefghijkl"), "a"), Ok(()));
    }
}
