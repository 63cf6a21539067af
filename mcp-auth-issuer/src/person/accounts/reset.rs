//! A new password, by a link that an operator had made. It works once, for 24 hours.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::SecretText;
use mcp_auth_core::bounds::DAY;
use mcp_auth_store::{AccountChange, Changed, ResetLink, SecretHash, StoreError};

use super::login::AccountsLogin;
use super::name;
use super::password::HashError;
use super::rules::{self, UnfitPassword};
use crate::endpoint::RESET;
use crate::secret::secret;

/// How long a link works, in seconds.
const LIFETIME: u64 = DAY;

/// An account whose person opened a link that works.
pub(crate) struct Resettable {
    /// Its name.
    pub(crate) name: String,
    id: SecretHash,
    link: SecretHash,
}

/// Why a password was not set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResetError {
    #[error(transparent)]
    Unfit(#[from] UnfitPassword),
    #[error("the link was used, or its time is over")]
    Gone,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccountsLogin {
    /// A new link for the account of this name: what is kept of it, and the URL, relative to the issuer.
    pub(super) fn new_link(&self, name: &str) -> (ResetLink, SecretText) {
        let text = secret(&*self.ambient.random);
        let link =
            ResetLink { secret: SecretHash::of(&text), expires_at: self.now().saturating_add(LIFETIME) };
        let account = BASE64_URL_SAFE_NO_PAD.encode(name::folded(name));
        (link, SecretText::new(format!("{RESET}?token={account}.{text}")))
    }

    /// The account that the token of a link is for, if the link works.
    pub(crate) async fn resettable(&self, token: &str) -> Result<Option<Resettable>, StoreError> {
        let read = || {
            let (account, secret) = token.split_once('.')?;
            let account = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(account).ok()?).ok()?;
            Some((SecretHash::of(&account), SecretHash::of(secret)))
        };
        let Some((id, link)) = read() else { return Ok(None) };
        let account = self.store.accounts().find(id).await?;
        let now = self.now();
        let works = |kept: ResetLink| kept.secret == link && kept.expires_at > now;
        let account = account.filter(|account| !account.disabled && account.reset.is_some_and(works));
        Ok(account.map(|account| Resettable { name: account.name, id, link }))
    }

    /// Sets the password, and uses up the link.
    pub(crate) async fn set_password(
        &self,
        of: &Resettable,
        password: &SecretText,
    ) -> Result<(), ResetError> {
        // Before anything is computed of it.
        if password.expose().chars().count() > 2 * rules::LONGEST {
            return Err(UnfitPassword::TooLong.into());
        }
        self.may_choose(password, &of.name)?;
        let password = self.passwords.hash(password).await?;
        let change = AccountChange::PasswordByLink { link: of.link, password };
        match self.store.accounts().change(of.id, change, self.now()).await? {
            Changed::Done => Ok(()),
            Changed::Refused | Changed::Unknown => Err(ResetError::Gone),
        }
    }
}
