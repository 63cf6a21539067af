//! Accounts in the store: people log in with a name, a password and, where they have set it up, a one-time code; or with a passkey.
//!
//! - `login`: the first step of the login, `second_step` the one after a password, `passkey_login` what a passkey does in both.
//!   `found`: what one form leaves for the next. `means`: what tokens say of it.
//! - `name`: which names are the same one.
//! - `password`: hashes passwords, a few at once. `rules`: which passwords a person may choose. `tried_first`: those that are guessed first.
//! - `totp`: one-time codes (RFC 6238). `recovery`: codes for who lost the device. `base32`: how both are written.
//! - `limits`: how often a login may be tried.
//! - `manage`: what an operator does with accounts. `factors`, `passkeys`, `password_change`: what a person does with their own. `reset`: a new password, by a link.
//! - `options`: what the configuration sets.

mod base32;
mod factors;
mod found;
mod limits;
mod login;
mod manage;
mod means;
mod name;
mod options;
mod passkey_login;
mod passkeys;
mod password;
mod password_change;
mod recovery;
mod reset;
mod rules;
mod second_step;
mod totp;
mod tried_first;

pub(crate) use factors::{CODES, FactorsError, PASSKEY, Setup};
pub use login::AccountsLogin;
pub(super) use manage::all as all_accounts;
pub use manage::{AccountLine, AccountState, ManageError, NewLink};
pub use name::InvalidAccountName;
pub(super) use name::folded;
pub(super) use name::id as account_id;
pub use options::{AccountsOptions, PasskeysPolicy, SecondFactorPolicy};
pub(crate) use passkeys::{LONGEST_NAME, PasskeySetup};
pub use password::HashError;
pub(crate) use password_change::NotChanged;
pub(crate) use reset::{ResetError, Resettable};
pub use rules::UnfitPassword;
