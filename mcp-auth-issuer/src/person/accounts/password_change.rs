//! A person changes their own password. Whether they logged in just now is for the page to ask.

use std::net::IpAddr;

use mcp_auth_core::SecretText;
use mcp_auth_store::{Account, AccountChange, Changed, StoreError};

use super::login::AccountsLogin;
use super::name;
use super::password::HashError;
use super::rules::{self, UnfitPassword};

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotChanged {
    #[error(transparent)]
    Unfit(#[from] UnfitPassword),
    #[error("the new password is the one that the account has")]
    Same,
    #[error("the current password is not right")]
    WrongCurrent,
    #[error("passwords of the account are tried too often")]
    TooOften { wait: u64 },
    #[error("the account is disabled, has no password, or was changed meanwhile")]
    Gone,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccountsLogin {
    /// Changes the password of `account`, as the page showed it, by the one that it has now. That one is counted as one that is tried at a login: a
    /// browser that was left open is not a place to guess it.
    pub(crate) async fn change_password(
        &self,
        account: &Account,
        (current, password): (&SecretText, &SecretText),
        address: Option<IpAddr>,
    ) -> Result<(), NotChanged> {
        // Before anything is computed of them.
        let is_too_long = |given: &SecretText| given.expose().chars().count() > 2 * rules::LONGEST;
        if is_too_long(password) {
            return Err(UnfitPassword::TooLong.into());
        }
        self.may_choose(password, &account.name)?;
        let id = name::id(&account.name);
        if let Some(wait) = self.limits.password(&self.store, id, address, self.now()).await? {
            return Err(NotChanged::TooOften { wait });
        }
        let kept = account.password.as_ref().ok_or(NotChanged::Gone)?;
        if is_too_long(current) || !self.passwords.verify(current, Some(kept)).await? {
            return Err(NotChanged::WrongCurrent);
        }
        if self.passwords.verify(password, Some(kept)).await? {
            return Err(NotChanged::Same);
        }
        let password = self.passwords.hash(password).await?;
        let change = AccountChange::PasswordByPerson { generation: account.generation, password };
        match self.store.accounts().change(id, change, self.now()).await? {
            Changed::Done => Ok(()),
            Changed::Refused | Changed::Unknown => Err(NotChanged::Gone),
        }
    }
}
