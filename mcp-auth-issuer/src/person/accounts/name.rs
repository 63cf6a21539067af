//! Which names are the same one. Two people whose names look the same cannot both be there.

use mcp_auth_core::seen::deceives;
use mcp_auth_store::SecretHash;
use unicode_normalization::UnicodeNormalization as _;

use crate::person::upstream::PREFIX;

/// The most characters of a name.
pub(super) const LONGEST: usize = 100;

/// The name of an account: 1 to 100 visible characters, without spaces at its ends, in Unicode's composed form (NFC). It is the
/// `sub` of the person's tokens as it was written first. Names that differ in capital letters alone are the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountName(String);

/// A name that no account can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of an account has 1 to {LONGEST} visible characters, without spaces at its ends, and does not begin with oidc_, as the \
     names of a login at another provider do"
)]
pub struct InvalidAccountName;

impl AccountName {
    /// # Errors
    /// [`InvalidAccountName`].
    pub(super) fn read(text: &str) -> Result<Self, InvalidAccountName> {
        let name: String = text.nfc().collect();
        let is_seen = name.trim() == name && !deceives(&name);
        let is_elsewhere = folded(&name).starts_with(PREFIX);
        match is_seen && !is_elsewhere && !name.is_empty() && name.chars().count() <= LONGEST {
            true => Ok(Self(name)),
            false => Err(InvalidAccountName),
        }
    }

    /// As the account was made.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn id(&self) -> SecretHash {
        id(&self.0)
    }
}

/// What the store calls the account that somebody means by `text`: they may write capital letters, and spaces that a keyboard adds.
pub(in crate::person) fn id(text: &str) -> SecretHash {
    SecretHash::of(&folded(text))
}

/// NFC may not be kept by `to_lowercase`, so it comes after it too.
pub(in crate::person) fn folded(text: &str) -> String {
    let composed: String = text.trim().nfc().collect();
    composed.to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_one_and_others_are_not() {
        for (one, other) in
            [("ann", "ANN"), ("ann", " Ann "), ("\u{e4}nne", "A\u{308}nne"), ("\u{3c3}", "\u{3a3}")]
        {
            assert_eq!(id(one), id(other), "{one} {other}");
        }
        for other in ["anna", "an n", "\u{e4}nn", ""] {
            assert_ne!(id("ann"), id(other), "{other}");
        }
    }

    #[test]
    fn a_name_can_be_seen_and_is_kept_as_it_was_written() {
        assert_eq!(AccountName::read("A\u{308}nne Lee").unwrap().as_str(), "\u{c4}nne Lee");
        assert!(AccountName::read(&"\u{e4}".repeat(100)).is_ok() && AccountName::read("oidc").is_ok());
        for bad in
            ["", " ann", "ann ", "a\nn", "an\u{200b}n", "\u{202e}nna", &"a".repeat(101), "oidc_x", "OIDC_x"]
        {
            assert_eq!(AccountName::read(bad), Err(InvalidAccountName), "{bad:?}");
        }
    }
}
