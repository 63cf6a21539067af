//! What a person does with the passkeys of their own account. Whether they logged in just now is for the page to ask.

use std::net::IpAddr;

use mcp_auth_core::SecretText;
use mcp_auth_core::bounds::MINUTE;
use mcp_auth_core::seen::deceives;
use mcp_auth_store::{Account, AccountChange, MOST_PASSKEYS, Passkey, SecretHash, StoreError, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::factors::{FactorsError, PASSKEY};
use super::login::AccountsLogin;
use crate::observe::Event as _;
use crate::observe::account::{SecondFactorRemoved, SecondFactorSetUp};
use crate::person::passkey::{Expected, NewPasskey, creation_options, new_challenge, verify_registration};
use crate::secret::secret;

/// The kind of the transaction of a passkey that is being made.
const TRANSACTION: &str = "passkey";
/// How long a person has to make one, in seconds.
const LIFETIME: u64 = 10 * MINUTE;
/// The most characters that a person calls a passkey by.
pub(crate) const LONGEST_NAME: usize = 60;
/// What one is called that its person gave no name.
const UNNAMED: &str = "Passkey";

/// A passkey that is about to be made.
#[derive(Debug)]
pub(crate) struct PasskeySetup {
    /// The secret name of what was begun.
    pub(crate) begun: SecretText,
    /// What the browser is asked for.
    pub(crate) options: Value,
}

/// What the store keeps of it.
#[derive(Serialize, Deserialize)]
struct Begun {
    account: String,
    generation: u64,
    name: String,
    challenge: String,
    user_handle: String,
}

impl AccountsLogin {
    /// Begins to make a passkey at `browser`.
    pub(crate) async fn begin_passkey(
        &self,
        subject: &str,
        name: &str,
        browser: SecretHash,
    ) -> Result<PasskeySetup, FactorsError> {
        let relying_party = self.relying_party.as_ref().ok_or(FactorsError::PasskeysOff)?;
        let (_, account) = self.of_subject(subject).await?.ok_or(FactorsError::Gone)?;
        if account.passkeys().count() >= MOST_PASSKEYS {
            return Err(FactorsError::TooMany);
        }
        let name = match name.trim() {
            "" => UNNAMED,
            name if name.chars().count() > LONGEST_NAME || deceives(name) => return Err(FactorsError::Name),
            name => name,
        };
        let random = &*self.ambient.random;
        let about = Begun {
            generation: account.generation,
            name: name.to_owned(),
            challenge: new_challenge(random),
            // It says nothing of the person (Web Authentication Level 3 §14.6.1).
            user_handle: account.user_handle.clone().unwrap_or_else(|| secret(random)),
            account: account.name.clone(),
        };
        let who = (&*self.server, &account, &*about.user_handle);
        let options = creation_options(relying_party, &about.challenge, who);
        let (begun, now) = (secret(random), self.now());
        let transaction = Transaction {
            owner: browser.digits(),
            about: SecretText::new(serde_json::to_string(&about).map_err(StoreError::new)?),
            expires_at: now.saturating_add(LIFETIME),
        };
        self.store.transactions().begin(TRANSACTION, SecretHash::of(&begun), transaction, now).await?;
        Ok(PasskeySetup { begun: SecretText::new(begun), options })
    }

    /// Adds the passkey that was begun at `browser`. Returns new recovery codes, to be shown once, if it is the first second factor.
    pub(crate) async fn add_passkey(
        &self,
        subject: &str,
        begun: &str,
        answer: &str,
        (browser, address): (SecretHash, Option<IpAddr>),
    ) -> Result<Vec<SecretText>, FactorsError> {
        let relying_party = self.relying_party.as_ref().ok_or(FactorsError::PasskeysOff)?;
        let now = self.now();
        let kept = self.store.transactions().take(TRANSACTION, SecretHash::of(begun), now).await?;
        let kept = kept.filter(|kept| kept.owner == browser.digits());
        let about = kept.and_then(|kept| serde_json::from_str::<Begun>(kept.about.expose()).ok());
        let about = about.filter(|about| about.account == subject).ok_or(FactorsError::Gone)?;
        let (id, account) = self.of_subject(subject).await?.ok_or(FactorsError::Gone)?;
        let answer = NewPasskey::read(answer)?;
        let expected = Expected { relying_party, challenge: &about.challenge, user_verification: false };
        let made = verify_registration(&answer, &expected)?;
        let passkey = Passkey {
            id: made.id,
            public_key: made.public_key,
            name: about.name,
            counter: made.counter,
            user_verified: made.user_verified,
            backup_eligible: made.backup_eligible,
            backed_up: made.backed_up,
            transports: answer.transports,
            created_at: now,
            last_used: None,
        };
        let (codes, recovery_codes) = match account.has_second_factor() {
            true => (Vec::new(), Vec::new()),
            false => self.new_recovery_codes(),
        };
        let change = AccountChange::AddPasskey {
            generation: about.generation,
            passkey: Box::new(passkey),
            user_handle: about.user_handle,
            recovery_codes,
        };
        self.changed(id, change).await?;
        SecondFactorSetUp { subject: &account.name, factor: PASSKEY, address }.happened();
        Ok(codes)
    }

    /// Removes a passkey of `account`, as the person saw it.
    pub(crate) async fn remove_passkey(
        &self,
        account: &Account,
        passkey: SecretHash,
        address: Option<IpAddr>,
    ) -> Result<(), FactorsError> {
        let is_last = account.totp.is_none() && account.passkeys().count() == 1;
        if is_last && self.needs_second_factor() {
            return Err(FactorsError::Needed);
        }
        let (id, _) = self.of_subject(&account.name).await?.ok_or(FactorsError::Gone)?;
        let change = AccountChange::RemovePasskey { generation: account.generation, id: passkey };
        self.changed(id, change).await?;
        SecondFactorRemoved { subject: &account.name, factor: PASSKEY, address }.happened();
        Ok(())
    }
}
