//! What an operator does with accounts.

use mcp_auth_core::SecretText;
use mcp_auth_core::seen::deceives;
use mcp_auth_store::{Account, AccountChange, Changed, Creation, SecretHash, Store, StoreError};
use serde::Serialize;

use super::login::AccountsLogin;
use super::name::{self, AccountName, InvalidAccountName, LONGEST};
use super::password::HashError;
use super::rules::UnfitPassword;
use crate::observe::Event as _;
use crate::observe::account::{AccountAdded, AccountDisabled, AccountEnabled, AccountReset};
use crate::person::People;

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManageError {
    /// No account can have this name.
    #[error(transparent)]
    Name(#[from] InvalidAccountName),
    /// Pages cannot call a person so.
    #[error("a display name has 1 to {LONGEST} visible characters")]
    DisplayName,
    /// The password cannot be chosen.
    #[error(transparent)]
    Password(#[from] UnfitPassword),
    /// The password cannot be hashed now.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// There is an account of this name, maybe with other capital letters.
    #[error("there is an account of this name already (capital letters do not make another one)")]
    Exists,
    /// There was an account of this name.
    #[error("an account of this name was deleted, and its name is not given to another person")]
    WasDeleted,
    /// There are too many accounts.
    #[error("the store holds as many accounts as it may")]
    Full,
    /// There is no account of this name.
    #[error("there is no account of this name")]
    Unknown,
    /// Nothing is kept of a person of this name.
    #[error(
        "there is no account of this name, and nobody of this name has logged in; `mcp-auth issuer user list` shows everybody"
    )]
    Nobody,
    /// The store failed; some of what was to be done may be done. To do it again is not an error.
    #[error("the store failed: {}", .0.cause())]
    Store(#[from] StoreError),
}

/// The link by which a person sets their password: once, within 24 hours.
#[derive(Debug)]
#[non_exhaustive]
pub struct NewLink {
    /// What comes after the origin of the issuer. Who has it sets the password.
    pub path: SecretText,
    /// When it ends, in Unix seconds.
    pub expires_at: u64,
    /// How many passkeys still log in.
    pub passkeys: usize,
}

/// An account, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountLine {
    /// Its name, the `sub` of its tokens.
    pub name: String,
    /// What pages call its person.
    pub display_name: Option<String>,
    /// What it is like.
    #[serde(flatten)]
    pub state: AccountState,
}

/// What an account is like, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountState {
    /// Whether its person may not log in.
    pub disabled: bool,
    /// Whether a password is set.
    pub has_password: bool,
    /// Whether one-time codes are set up.
    pub has_one_time_codes: bool,
    /// How many passkeys there are.
    pub passkeys: usize,
    /// How many recovery codes were not used.
    pub recovery_codes: usize,
    /// When it was made, in Unix seconds.
    pub created_at: u64,
    /// When its person logged in last, in Unix seconds.
    pub last_login: Option<u64>,
}

impl From<Account> for AccountLine {
    fn from(account: Account) -> Self {
        let state = AccountState {
            disabled: account.disabled,
            has_password: account.password.is_some(),
            has_one_time_codes: account.totp.is_some(),
            passkeys: account.passkeys().count(),
            recovery_codes: account.recovery_codes.len(),
            created_at: account.created_at,
            last_login: account.last_login,
        };
        Self { name: account.name, display_name: account.display_name, state }
    }
}

/// All accounts of a store, by their names.
pub(in crate::person) async fn all(store: &Store) -> Result<Vec<AccountLine>, StoreError> {
    let mut lines: Vec<AccountLine> = Vec::new();
    for page in 0..=u8::MAX {
        lines.extend(store.accounts().list(page).await?.into_iter().map(AccountLine::from));
    }
    lines.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(lines)
}

impl AccountsLogin {
    /// Makes an account. Without a password, its person sets one by the link that is returned.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn add(
        &self,
        name: &str,
        display_name: Option<&str>,
        password: Option<&SecretText>,
    ) -> Result<Option<NewLink>, ManageError> {
        let name = AccountName::read(name)?;
        let display_name = display_name.map(str::trim);
        if display_name
            .is_some_and(|name| name.is_empty() || name.chars().count() > LONGEST || deceives(name))
        {
            return Err(ManageError::DisplayName);
        }
        let now = self.now();
        let mut account =
            Account { display_name: display_name.map(str::to_owned), ..Account::new(name.as_str(), now) };
        let by_link = password.is_none();
        let link = match password {
            Some(password) => {
                self.may_choose(password, name.as_str())?;
                account.password = Some(self.passwords.hash(password).await?);
                account.password_changed_at = Some(now);
                None
            }
            None => {
                let (link, path) = self.new_link(name.as_str());
                account.reset = Some(link);
                Some(NewLink { path, expires_at: link.expires_at, passkeys: 0 })
            }
        };
        match self.store.accounts().create(name.id(), account, now).await? {
            Creation::Created => {
                AccountAdded { subject: name.as_str(), by_link }.happened();
                Ok(link)
            }
            Creation::Exists => Err(ManageError::Exists),
            Creation::WasDeleted => Err(ManageError::WasDeleted),
            Creation::Full => Err(ManageError::Full),
        }
    }

    /// All accounts, by their names.
    ///
    /// # Errors
    /// [`ManageError::Store`].
    pub async fn list(&self) -> Result<Vec<AccountLine>, ManageError> {
        Ok(all(&self.store).await?)
    }

    /// What an operator does with the people of this store, whichever login they use. `issuer` is the identifier of the issuer.
    pub fn people(&self, issuer: impl Into<String>) -> People {
        People::new(self.store.clone(), self.ambient.clone(), issuer)
    }

    /// Its person may not log in, and all that they are logged in with and have allowed ends.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn disable(&self, name: &str) -> Result<(), ManageError> {
        let (_, account) = self.changed_to(name, AccountChange::Disable).await?;
        self.end(&account).await?;
        AccountDisabled { subject: &account.name }.happened();
        Ok(())
    }

    /// Its person may log in again.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn enable(&self, name: &str) -> Result<(), ManageError> {
        let (_, account) = self.changed_to(name, AccountChange::Enable).await?;
        AccountEnabled { subject: &account.name }.happened();
        Ok(())
    }

    /// Its password does not count any more, all that its person is logged in with and has allowed ends, and they set a new one by the link that
    /// is returned. With `and_factors` one-time codes, passkeys and recovery codes go too; without it passkeys log in as before.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn reset(&self, name: &str, and_factors: bool) -> Result<NewLink, ManageError> {
        let (link, path) = self.new_link(name);
        let (_, account) = self.changed_to(name, AccountChange::Reset { link, and_factors }).await?;
        self.end(&account).await?;
        let passkeys = if and_factors { 0 } else { account.passkeys().count() };
        AccountReset { subject: &account.name, and_factors }.happened();
        Ok(NewLink { path, expires_at: link.expires_at, passkeys })
    }

    /// Ends all that a person is logged in with, and what they allowed: it may not have been them. Were it remembered, a client would have
    /// it again at the next login without a question.
    async fn end(&self, account: &Account) -> Result<(), StoreError> {
        // The time is read after the account was changed: what was issued until then is ended too.
        self.store.end_all_of_person(&account.name, self.now()).await
    }

    async fn changed_to(
        &self,
        name: &str,
        change: AccountChange,
    ) -> Result<(SecretHash, Account), ManageError> {
        let id = name::id(name);
        let account = self.store.accounts().find(id).await?.ok_or(ManageError::Unknown)?;
        match self.store.accounts().change(id, change, self.now()).await? {
            Changed::Done => Ok((id, account)),
            Changed::Refused | Changed::Unknown => Err(ManageError::Unknown),
        }
    }
}
