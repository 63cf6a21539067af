//! What a person does with the second factor of their own account. Whether they logged in just now is for the page to ask.

use std::net::IpAddr;

use mcp_auth_core::SecretText;
use mcp_auth_store::{Account, AccountChange, Changed, SecretHash, StoreError};

use super::login::AccountsLogin;
use super::options::SecondFactorPolicy;
use super::second_step::typed;
use super::{recovery, totp};
use crate::observe::account::{RecoveryCodesRenewed, SecondFactorRemoved, SecondFactorSetUp};
use crate::observe::{Event as _, Word};
use crate::person::passkey::PasskeyError;

/// What events call one-time codes, and passkeys.
pub(crate) const CODES: Word = Word("codes");
pub(crate) const PASSKEY: Word = Word("passkey");

/// One-time codes that are about to be set up.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The secret, to be typed into an app.
    pub(crate) secret: SecretText,
    /// The URI by which an app takes it.
    pub(crate) uri: SecretText,
}

impl Setup {
    /// What the answer has to name: who did not begin this set-up cannot go on with it.
    pub(crate) fn begun(&self) -> SecretHash {
        SecretHash::of(self.secret.expose())
    }
}

/// Why a factor was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FactorsError {
    #[error("the code is not right")]
    WrongCode,
    #[error("this server asks for a second factor")]
    Needed,
    #[error("the account is not there, is disabled, or was changed meanwhile")]
    Gone,
    #[error("the passkey is not taken: {0}")]
    Passkey(#[from] PasskeyError),
    #[error("an account has at most {} passkeys", mcp_auth_store::MOST_PASSKEYS)]
    TooMany,
    #[error("no passkey can be called so")]
    Name,
    #[error("passkeys are off here")]
    PasskeysOff,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccountsLogin {
    /// The account of a person who is logged in.
    pub(crate) async fn account(&self, subject: &str) -> Result<Account, FactorsError> {
        Ok(self.of_subject(subject).await?.ok_or(FactorsError::Gone)?.1)
    }

    /// Whether nobody logs in without a second factor.
    pub(crate) fn needs_second_factor(&self) -> bool {
        self.second_factor == SecondFactorPolicy::Required
    }

    /// Begins to set up one-time codes. Those of before count until this is confirmed.
    pub(crate) async fn begin_totp(&self, subject: &str) -> Result<Setup, FactorsError> {
        let (id, account) = self.of_subject(subject).await?.ok_or(FactorsError::Gone)?;
        let secret = totp::new_secret(&*self.ambient.random);
        self.changed(id, AccountChange::BeginTotp(secret.clone())).await?;
        Ok(self.setup(secret, &account))
    }

    /// What was [begun](Setup::begun) and not confirmed, unless another one was begun since.
    pub(crate) fn begun_totp(&self, account: &Account, begun: SecretHash) -> Option<Setup> {
        to_confirm(account, begun).map(|secret| self.setup(secret, account))
    }

    /// Confirms one-time codes by one of them, which shows that the app has the secret. Returns new recovery codes, to be shown once.
    pub(crate) async fn confirm_totp(
        &self,
        subject: &str,
        begun: SecretHash,
        (code, address): (&str, Option<IpAddr>),
    ) -> Result<Vec<SecretText>, FactorsError> {
        let (id, account) = self.of_subject(subject).await?.ok_or(FactorsError::Gone)?;
        let secret = to_confirm(&account, begun).ok_or(FactorsError::Gone)?;
        let step = typed(code).and_then(|digits| totp::step_of(&secret, &digits, self.now()));
        let step = step.ok_or(FactorsError::WrongCode)?;
        let (codes, recovery_codes) = self.new_recovery_codes();
        self.changed(id, AccountChange::ConfirmTotp { secret, step, recovery_codes }).await?;
        SecondFactorSetUp { subject: &account.name, factor: CODES, address }.happened();
        Ok(codes)
    }

    /// Removes one-time codes, and recovery codes with the last second factor.
    pub(crate) async fn remove_totp(
        &self,
        subject: &str,
        address: Option<IpAddr>,
    ) -> Result<(), FactorsError> {
        if self.needs_second_factor() {
            return Err(FactorsError::Needed);
        }
        let (id, account) = self.of_subject(subject).await?.ok_or(FactorsError::Gone)?;
        self.changed(id, AccountChange::RemoveTotp).await?;
        SecondFactorRemoved { subject: &account.name, factor: CODES, address }.happened();
        Ok(())
    }

    /// New recovery codes instead of those before, to be shown once.
    pub(crate) async fn renew_recovery_codes(
        &self,
        subject: &str,
        address: Option<IpAddr>,
    ) -> Result<Vec<SecretText>, FactorsError> {
        let (id, account) = self.of_subject(subject).await?.ok_or(FactorsError::Gone)?;
        let (codes, kept) = self.new_recovery_codes();
        self.changed(id, AccountChange::RecoveryCodes(kept)).await?;
        RecoveryCodesRenewed { subject: &account.name, address }.happened();
        Ok(codes)
    }

    pub(super) fn new_recovery_codes(&self) -> (Vec<SecretText>, Vec<SecretHash>) {
        let codes = recovery::new_codes(&*self.ambient.random);
        let kept = codes.iter().map(|code| recovery::hash(code.expose())).collect();
        (codes, kept)
    }

    fn setup(&self, secret: SecretText, account: &Account) -> Setup {
        let uri = SecretText::new(totp::uri(&secret, &self.server, &account.name));
        Setup { secret, uri }
    }

    pub(super) async fn changed(&self, id: SecretHash, change: AccountChange) -> Result<(), FactorsError> {
        match self.store.accounts().change(id, change, self.now()).await? {
            Changed::Done => Ok(()),
            Changed::Refused | Changed::Unknown => Err(FactorsError::Gone),
        }
    }
}

/// An account has one secret to confirm, which any login of it may have begun.
fn to_confirm(account: &Account, begun: SecretHash) -> Option<SecretText> {
    account.totp_to_confirm.clone().filter(|secret| begun.matches(secret.expose()))
}
