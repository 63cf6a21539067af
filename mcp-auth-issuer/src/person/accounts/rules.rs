//! Which passwords a person may choose (NIST SP 800-63B-4 §3.1.1.2): long ones, of any characters, that are not tried first.

use mcp_auth_core::SecretText;

use super::password::normalized;
use super::tried_first::Called;

/// The fewest characters of a password. SP 800-63B asks for 15 where it is the only factor, and for 8 beside another one.
const SHORTEST: usize = 12;
/// The most.
pub(super) const LONGEST: usize = 128;
/// The fewest characters that differ: `aaaaaaaaaaaa` and `121212121212` are tried first.
const FEWEST_DIFFERENT: usize = 5;

/// Why a password cannot be chosen, and what to do.
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
    #[error(
        "the password is the name of the account, or little more: take a few words that do not belong together"
    )]
    IsName,
    /// The same of the server.
    #[error(
        "the password is the name or the address of this server, or little more: take a few words that do not belong together"
    )]
    IsServer,
    /// It is one of the commonest passwords.
    #[error(
        "the password is one that many people choose, or little more, and so it is tried first: take a few words that do not belong together, or \
         let a password manager make one"
    )]
    Common,
    /// It has few different characters.
    #[error("the password has fewer than {FEWEST_DIFFERENT} different characters")]
    TooUniform,
}

/// Whether a person may choose this password for the account of this name at the server that has these.
///
/// # Errors
/// [`UnfitPassword`].
pub(super) fn check(password: &SecretText, account: &str, server: &[&str]) -> Result<(), UnfitPassword> {
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
    if Called::of(&[account]).is_nearly(&password) {
        return Err(UnfitPassword::IsName);
    }
    if Called::of(server).is_nearly(&password) {
        return Err(UnfitPassword::IsServer);
    }
    let all: Vec<&str> = std::iter::once(account).chain(server.iter().copied()).collect();
    match Called::of(&all).and_the_commonest_are_nearly(&password) {
        true => Err(UnfitPassword::Common),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(password: &str) -> Result<(), UnfitPassword> {
        check(&SecretText::new(password), "Alexandra.Lee", &["To-do list", "todos.example.com"])
    }

    #[test]
    fn p40_a_password_is_long_and_not_tried_first_and_may_have_any_characters() {
        for good in [
            "correct horse",
            "\u{1f600}\u{1f601}\u{1f602}\u{1f603}\u{1f604}\u{1f605}\u{1f606}\u{1f607}\u{1f608}\u{1f609}\u{1f60a}\u{1f60b}",
            "Alexandra.Lee plus some",
            "list what is for sale",
            &"quiet bx".repeat(16),
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
            ("4lex4ndra2026", UnfitPassword::IsName),
            ("TodoList2026", UnfitPassword::IsServer),
            ("todos.example.com", UnfitPassword::IsServer),
            ("Example2026!!", UnfitPassword::IsServer),
            ("password1234", UnfitPassword::Common),
            ("P@ssw0rd-2026!", UnfitPassword::Common),
            ("abcdefghijkl", UnfitPassword::Common),
            ("alexandra and password", UnfitPassword::Common),
        ] {
            assert_eq!(checked(bad), Err(why), "{bad}");
        }
        assert_eq!(check(&SecretText::new("a bright old kettle"), "a", &["", ""]), Ok(()));
    }

    /// Who is told only that it is refused changes one character of it.
    #[test]
    fn p40_what_is_tried_first_is_refused_with_a_reason_and_what_to_do_and_is_not_repeated() {
        for bad in ["password1234", "alexandralee1", "todolist12345"] {
            let said = checked(bad).unwrap_err().to_string();
            assert!(
                said.contains("or little more") && said.contains("take a few words") && !said.contains(bad),
                "{said}"
            );
        }
    }
}
