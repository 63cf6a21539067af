//! Where logins are stored between two commands: the operating system's keyring, else a file of mode 0600.
//!
//! In reading order: `login` (what is stored), `store` ([`TokenStore`] chooses one of the two places and names it),
//! `file` and `keyring` (the two places), `lock` (one refresh at a time), `error` (why one of them failed).

mod error;
mod file;
#[cfg(feature = "keyring")]
mod keyring;
mod lock;
mod login;
mod store;

pub(crate) use login::{ClientSecret, Login, Registration, Tokens, WayIn};
pub(crate) use store::{Place, TokenStore};
