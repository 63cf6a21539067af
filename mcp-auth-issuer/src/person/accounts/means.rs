//! By which means a person logged in, and what their tokens say of it.

use mcp_auth_core::own_claims::{ACR_BY_PASSWORD as BY_PASSWORD, ACR_BY_TWO_FACTORS as BY_TWO_FACTORS};
use mcp_auth_store::Account;

use crate::person::login::{Attempt, User};

/// What a person logged in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    Password,
    /// And a one-time code or a recovery code.
    PasswordAndCode,
    PasswordAndPasskey,
    /// Its authenticator verified its person, by a PIN or a finger for example.
    Passkey,
}

impl Means {
    /// Values of RFC 8176 §2. Without attestation nobody can tell whether a key is in hardware, so it is `pop` and not `hwk` or `swk`; `user`: the
    /// authenticator noticed a person.
    fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::PasswordAndCode => &["pwd", "otp", "mfa"],
            Self::PasswordAndPasskey => &["pwd", "pop", "user", "mfa"],
            Self::Passkey => &["pop", "user", "mfa"],
        }
    }

    fn acr(self) -> &'static str {
        match self {
            Self::Password => BY_PASSWORD,
            Self::PasswordAndCode | Self::PasswordAndPasskey | Self::Passkey => BY_TWO_FACTORS,
        }
    }

    /// The person of this account. Who logged in with two factors has done what is asked for of a password alone, and the token says what was
    /// asked for; `amr` says how it was.
    pub(super) fn logged_in(self, account: Account, attempt: &Attempt<'_>) -> User {
        let acr = if asks_only(attempt, BY_PASSWORD) { BY_PASSWORD } else { self.acr() };
        User {
            version: account.generation,
            name: account.display_name,
            acr: Some(acr.to_owned()),
            amr: self.amr().iter().map(|means| (*means).to_owned()).collect(),
            ..User::new(account.name)
        }
    }
}

/// Of the two values of `acr` that there are, whether the application asks for this one alone.
fn asks_only(attempt: &Attempt<'_>, acr: &str) -> bool {
    let asked = attempt.asked.acr_values.unwrap_or_default();
    let mut known = asked.split(' ').filter(|value| [BY_PASSWORD, BY_TWO_FACTORS].contains(value)).peekable();
    known.peek().is_some() && known.all(|value| value == acr)
}
