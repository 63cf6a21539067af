//! The login with a passkey: instead of name and password, or after them. Whatever is wrong with it, the person gets the same answer.

use maud::Markup;
use mcp_auth_store::{Account, AccountChange, Changed, PasskeyUse, SecretHash, StoreError};

use super::login::AccountsLogin;
use super::means::Means;
use crate::person::login::{Attempt, LoginError, Step};
use crate::person::page::{passkey_login, texts};
use crate::person::passkey::{
    Assertion, Expected, PasskeyError, RelyingParty, request_options, verify_assertion,
};

impl AccountsLogin {
    /// The same login, at which people use passkeys too.
    #[must_use]
    pub(crate) fn with_passkeys(self, relying_party: Option<RelyingParty>) -> Self {
        Self { relying_party, ..self }
    }

    /// Whether people use passkeys here.
    pub(crate) fn takes_passkeys(&self) -> bool {
        self.relying_party.is_some()
    }

    /// What the first form has for who has a passkey. The browser finds one for this host.
    pub(super) async fn passkey_controls(&self, attempt: &Attempt<'_>) -> Result<Option<Markup>, StoreError> {
        let Some(relying_party) = &self.relying_party else { return Ok(None) };
        let random = &*self.ambient.random;
        let challenge = self.challenges.issue(attempt.bound_to, attempt.now, random).await?;
        let options = request_options(relying_party, &challenge, std::iter::empty(), "required");
        Ok(Some(passkey_login(texts().passkey_login, &options, Some(&challenge))))
    }

    /// The first form was answered by a passkey. It is the only factor, so its authenticator has to have verified its person. It is limited by
    /// address alone: nobody guesses a signature, and strangers are not to lock anybody out.
    pub(super) async fn by_passkey(
        &self,
        attempt: &Attempt<'_>,
        (answer, challenge): (&str, &str),
    ) -> Result<Step, LoginError> {
        let Some(relying_party) = &self.relying_party else {
            return Err(refused("passkeys are off here", None));
        };
        if let Some(wait) = self.limits.passkey(&self.store, attempt.address, attempt.now).await? {
            return Err(LoginError::TooOften { wait });
        }
        let answer = Assertion::read(answer).map_err(|error| refused(error, None))?;
        if !self.challenges.is_for(attempt.bound_to, challenge, attempt.now).await? {
            return Err(refused("the challenge is too old, or of another browser or request", None));
        }
        let found = self.store.accounts().find_by_passkey(SecretHash::of(&answer.id)).await?;
        let Some((id, account)) = found else { return Err(refused("unknown passkey", None)) };
        let expected = Expected { relying_party, challenge, user_verification: true };
        let used =
            verified(&answer, &account, false, &expected).map_err(|error| refused(error, Some(&account)))?;
        if !self.challenges.use_up(challenge, attempt.now).await? {
            return Err(refused("the challenge was used before", Some(&account)));
        }
        if account.disabled {
            return Err(refused("the account is disabled", Some(&account)));
        }
        if account.passkey(used.id).is_none_or(|kept| !kept.user_verified) {
            let why = "the passkey was added without a verification of its person: it counts after the password alone";
            return Err(refused(why, Some(&account)));
        }
        let log_in = AccountChange::LogInByPasskey { generation: account.generation, passkey: used };
        match self.store.accounts().change(id, log_in, attempt.now).await? {
            Changed::Done => Ok(Step::Done(Means::Passkey.logged_in(account, attempt))),
            Changed::Refused | Changed::Unknown => {
                Err(refused("the account was changed, or the passkey used, during the login", Some(&account)))
            }
        }
    }

    /// The second form was answered by a passkey, of the account whose password was right. The challenge of a form comes back once.
    pub(super) fn second_passkey(
        &self,
        account: &Account,
        answer: &str,
        challenge: &str,
    ) -> Result<PasskeyUse, PasskeyError> {
        let relying_party = self.relying_party.as_ref().ok_or(PasskeyError::Answer)?;
        let expected = Expected { relying_party, challenge, user_verification: false };
        verified(&Assertion::read(answer)?, account, true, &expected)
    }
}

/// The use of a passkey of this account.
fn verified(
    answer: &Assertion,
    account: &Account,
    is_named: bool,
    expected: &Expected<'_>,
) -> Result<PasskeyUse, PasskeyError> {
    if !answer.is_for(account.user_handle.as_deref(), is_named) {
        return Err(PasskeyError::UserHandle);
    }
    let passkey = account.passkey(SecretHash::of(&answer.id)).ok_or(PasskeyError::OtherIdentifier)?;
    verify_assertion(answer, passkey, expected)
}

fn refused(why: impl ToString, account: Option<&Account>) -> LoginError {
    LoginError::RefusedPasskey { why: why.to_string(), account: account.map(|account| account.name.clone()) }
}
