//! The login with an account: a name and a password, then, where there is a second factor, a one-time code, a passkey or a recovery code. Or a
//! passkey at once.

use maud::{Markup, html};
use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::own_claims::ACR_VALUES_OF_ACCOUNTS;
use mcp_auth_core::seen::deceives;
use mcp_auth_store::{Account, AccountChange, Changed, SecretHash, Store, StoreError};

use super::factors::{CODES, FactorsError};
use super::found::{Found, Stage};
use super::limits::Limits;
use super::means::Means;
use super::name;
use super::options::{AccountsOptions, SecondFactorPolicy};
use super::password::{HashError, Passwords};
use super::rules::{self, UnfitPassword};
use crate::observe::account::SecondFactorChangeRefused;
use crate::observe::{Event as _, Reason};
use crate::person::login::{Attempt, Form, KnownFuture, Login, LoginError, LoginFuture, Step};
use crate::person::page::{recovery_codes, texts, totp_setup};
use crate::person::passkey::{Challenges, RelyingParty};
use crate::request::Params;

/// People log in with an account in the store. What they are called is given once, and never to another person.
///
/// - `acr`: `urn:mcp-auth:pwd`, or `urn:mcp-auth:mfa` with a second factor or with a passkey.
/// - `amr` (RFC 8176): `pwd`; with a one-time code `otp` and `mfa` too; with a passkey after the password `pop`, `user` and `mfa` too; with a
///   passkey alone `pop`, `user` and `mfa`.
#[derive(Debug)]
pub struct AccountsLogin {
    pub(super) store: Store,
    pub(super) ambient: Ambient,
    pub(super) passwords: Passwords,
    pub(super) limits: Limits,
    pub(super) challenges: Challenges,
    /// Who we are to authenticators; `None`: nobody uses passkeys here.
    pub(super) relying_party: Option<RelyingParty>,
    pub(super) second_factor: SecondFactorPolicy,
    /// What an authenticator app calls this server.
    pub(super) server: String,
    /// The host at which people reach it.
    pub(super) host: String,
}

/// What a form of this login found wrong, or that it cannot tell.
impl From<StoreError> for LoginError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<HashError> for LoginError {
    fn from(error: HashError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl AccountsLogin {
    /// The accounts of `store`, without passkeys; `server` is what authenticator apps call this server.
    pub fn new(store: Store, ambient: Ambient, options: &AccountsOptions, server: impl Into<String>) -> Self {
        Self {
            passwords: Passwords::new(ambient.random.clone()),
            challenges: Challenges::new(store.clone(), &*ambient.random),
            relying_party: None,
            store,
            ambient,
            limits: Limits::new(options),
            second_factor: options.second_factor,
            server: server.into(),
            host: String::new(),
        }
    }

    /// The same login, at a server of this host, which nobody may choose as a password either.
    #[must_use]
    pub fn reached_at(self, host: impl Into<String>) -> Self {
        Self { host: host.into(), ..self }
    }

    /// Whether the person of the account of this name may choose this password.
    pub(super) fn may_choose(&self, password: &SecretText, account: &str) -> Result<(), UnfitPassword> {
        rules::check(password, account, &[&self.server, &self.host])
    }

    pub(super) fn now(&self) -> u64 {
        self.ambient.clock.unix_now()
    }

    /// The person of these tokens, if their account is there.
    pub(super) async fn of_subject(
        &self,
        subject: &str,
    ) -> Result<Option<(SecretHash, Account)>, StoreError> {
        let id = name::id(subject);
        let account = self.store.accounts().find(id).await?;
        Ok(account.filter(|account| account.name == subject).map(|account| (id, account)))
    }

    /// The first form was answered.
    async fn password(&self, attempt: &Attempt<'_>, answer: &Params) -> Result<Step, LoginError> {
        let (Some(name), Some(password)) = (answer.get("username"), answer.get("password")) else {
            return Err(refused("a field is empty", None));
        };
        if name.chars().count() > 2 * name::LONGEST || password.chars().count() > 2 * rules::LONGEST {
            return Err(refused("a field is too long", None));
        }
        let id = name::id(name);
        let wait = self.limits.password(&self.store, id, attempt.address, attempt.now).await?;
        if let Some(wait) = wait {
            return Err(LoginError::TooOften { wait });
        }
        let account = self.store.accounts().find(id).await?;
        let kept = account.as_ref().and_then(|account| account.password.as_ref());
        let is_right = self.passwords.verify(&SecretText::new(password), kept).await?;
        // The password comes first: without it, nobody is told more of an account than that it may not be there.
        let Some(account) = account else { return Err(refused("unknown name", None)) };
        if !is_right {
            let why = if account.password.is_some() { "wrong password" } else { "no password is set" };
            return Err(refused(why, Some(&account)));
        }
        if account.disabled {
            return Err(refused("the account is disabled", Some(&account)));
        }
        // Where it is not asked of everybody, an application that asks for two factors of a person who has one is told so, and nobody sets up
        // another here: whoever has the password would set up theirs, and pass for two factors (NIST SP 800-63B §6.1.2).
        let is_needed = self.second_factor == SecondFactorPolicy::Required;
        match (account.has_second_factor(), is_needed) {
            (true, _) => self.ask_second(id, &account, None),
            (false, true) => self.begin_setup(id, &account).await,
            (false, false) => {
                let log_in = AccountChange::LogIn { generation: account.generation, with: None };
                match self.store.accounts().change(id, log_in, attempt.now).await? {
                    Changed::Done => Ok(Step::Done(Means::Password.logged_in(account, attempt))),
                    Changed::Refused | Changed::Unknown => Err(changed_meanwhile(&account)),
                }
            }
        }
    }

    /// Nobody logs in here without a second factor, and this account has none yet.
    async fn begin_setup(&self, id: SecretHash, account: &Account) -> Result<Step, LoginError> {
        let setup = self.begin_totp(&account.name).await.map_err(|error| not_set_up(error, account))?;
        ask(Found::of(id, account, Stage::Setup(setup.begun())), setup_form(&totp_setup(&setup), None))
    }

    async fn set_up(
        &self,
        attempt: &Attempt<'_>,
        found: &Found,
        begun: SecretHash,
        answer: &Params,
    ) -> Result<Step, LoginError> {
        let account = self.still(found).await?;
        let code = answer.get("code").unwrap_or_default();
        match self.confirm_totp(&account.name, begun, (code, attempt.address)).await {
            Ok(codes) => {
                // They are not shown again, so nothing is asked of the store after they were made. One change later: after another one in
                // between, this login does not go on.
                let found =
                    Found { generation: found.generation + 1, stage: Stage::Kept, ..found.clone() }.written();
                let controls = html! {
                    (recovery_codes(&codes))
                    div.buttons { button.primary type="submit" { (texts().codes_kept) } }
                };
                Ok(Step::ShowOnce(Form { controls, found }))
            }
            Err(error @ FactorsError::WrongCode) => {
                let (subject, factor) = (&*account.name, Some(CODES));
                let (address, reason) = (attempt.address, Reason::Refused(&error));
                SecondFactorChangeRefused { subject, factor, address, reason }.happened();
                let setup = self.begun_totp(&account, begun).ok_or_else(|| changed_meanwhile(&account))?;
                ask(found.clone(), setup_form(&totp_setup(&setup), Some(texts().wrong_setup_code)))
            }
            Err(error) => Err(not_set_up(error, &account)),
        }
    }

    fn can_log_in(&self, account: &Account) -> bool {
        let has_passkey = self.takes_passkeys() && account.passkeys().next().is_some();
        !account.disabled && (account.password.is_some() || has_passkey)
    }

    /// The account of one whose password was right, unless something of it was changed since then.
    pub(super) async fn still(&self, found: &Found) -> Result<Account, LoginError> {
        let account = self.store.accounts().find(found.id).await?;
        let account = account.ok_or_else(|| refused("the account is gone", None))?;
        match account.generation == found.generation && !account.disabled {
            true => Ok(account),
            false => Err(changed_meanwhile(&account)),
        }
    }
}

impl Login for AccountsLogin {
    fn kind(&self) -> std::borrow::Cow<'_, str> {
        "accounts".into()
    }

    fn begin<'a>(&'a self, attempt: &'a Attempt<'a>) -> LoginFuture<'a> {
        let hint = attempt.asked.login_hint;
        let hint = hint.filter(|hint| hint.chars().count() <= name::LONGEST && !deceives(hint));
        let texts = texts();
        let form = html! {
            fieldset {
                label { (texts.name) input name="username" value=[hint] autocomplete="username" autocapitalize="none" spellcheck="false" required; }
                label { (texts.password) input type="password" name="password" autocomplete="current-password" required; }
            }
            div.buttons { button.primary type="submit" { (texts.log_in) } }
        };
        Box::pin(async move {
            Ok(match self.passkey_controls(attempt).await? {
                Some(passkey) => {
                    Step::AskWithPasskeys(Form { controls: html! { (form) (passkey) }, found: None })
                }
                None => Step::Ask(Form { controls: form, found: None }),
            })
        })
    }

    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        Box::pin(async move {
            let Some(found) = attempt.found else {
                return match given(answer, "passkey") {
                    Some(passkey) => {
                        let challenge = answer.get("challenge").unwrap_or_default();
                        self.by_passkey(attempt, (passkey, challenge)).await
                    }
                    None => self.password(attempt, answer).await,
                };
            };
            let found =
                Found::read(found).ok_or_else(|| refused("the login cannot be gone on with", None))?;
            match &found.stage {
                Stage::Code => self.second(attempt, &found, None, answer).await,
                Stage::Passkey(challenge) => self.second(attempt, &found, Some(challenge), answer).await,
                Stage::Setup(begun) => self.set_up(attempt, &found, *begun, answer).await,
                // The password alone let them set up the other factor, so this login is as strong as the password.
                Stage::Kept => Ok(Step::Done(Means::Password.logged_in(self.still(&found).await?, attempt))),
            }
        })
    }

    fn acr_values_supported(&self) -> Vec<String> {
        ACR_VALUES_OF_ACCOUNTS.map(str::to_owned).into()
    }

    /// One who has nothing to log in with, because an operator reset it, cannot go on either.
    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        Box::pin(async move {
            let account = self.of_subject(subject).await?;
            Ok(account.is_some_and(|(_, account)| self.can_log_in(&account)))
        })
    }

    /// Not after a change of what the person logs in with: the login was made with what does not count any more.
    fn still_counts<'a>(&'a self, subject: &'a str, version: u64) -> KnownFuture<'a> {
        Box::pin(async move {
            let account = self.of_subject(subject).await?;
            Ok(account.is_some_and(|(_, account)| self.can_log_in(&account) && account.generation == version))
        })
    }

    fn refusal(&self) -> std::borrow::Cow<'static, str> {
        texts().wrong_name_or_password.into()
    }
}

/// What a field holds, if it holds something.
pub(super) fn given<'p>(answer: &'p Params, name: &str) -> Option<&'p str> {
    answer.get(name).filter(|text| !text.is_empty())
}

fn refused(why: &'static str, account: Option<&Account>) -> LoginError {
    LoginError::RefusedFor { why, account: account.map(|account| account.name.clone()) }
}

fn changed_meanwhile(account: &Account) -> LoginError {
    refused("the account was changed during the login", Some(account))
}

fn not_set_up(error: FactorsError, account: &Account) -> LoginError {
    match error {
        FactorsError::Store(error) => error.into(),
        FactorsError::WrongCode
        | FactorsError::Needed
        | FactorsError::Gone
        | FactorsError::Passkey(_)
        | FactorsError::TooMany
        | FactorsError::Name
        | FactorsError::PasskeysOff => changed_meanwhile(account),
    }
}

pub(super) fn ask(found: Found, controls: Markup) -> Result<Step, LoginError> {
    Ok(Step::Ask(Form { controls, found: found.written() }))
}

fn setup_form(setup: &Markup, notice: Option<&str>) -> Markup {
    html! {
        @if let Some(notice) = notice { p.warning role="alert" { (notice) } }
        p { (texts().set_up_second_step) }
        (setup)
        div.buttons { button.primary type="submit" { (texts().go_on) } }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use mcp_auth_store::Caps;

    use super::*;
    use crate::person::Asked;

    #[tokio::test]
    async fn p30_the_work_is_the_same_for_names_that_are_known_and_unknown() {
        let store = Store::memory(Caps::default());
        let login = AccountsLogin::new(store, Ambient::system(), &AccountsOptions::default(), "");
        let password = SecretText::new("some words of hers");
        for name in ["ann", "disabled"] {
            login.add(name, None, Some(&password)).await.unwrap();
        }
        login.add("waits", None, None).await.unwrap();
        login.disable("disabled").await.unwrap();
        let computed = async |name: &str, password: &str| {
            let before = login.passwords.computed.load(Ordering::SeqCst);
            let answer = Params::parse(&format!("username={name}&password={password}")).unwrap();
            let attempt = Attempt {
                issuer: "http://localhost",
                client_name: None,
                found: None,
                transaction: "t",
                bound_to: SecretHash::of("a page"),
                asked: Asked::default(),
                address: None,
                now: 1000,
                upstream: None,
                connects_for: None,
                another: false,
                next: "",
                store: None,
            };
            let refused = login.finish(&attempt, &answer).await.unwrap_err();
            (login.passwords.computed.load(Ordering::SeqCst) - before, refused.to_string())
        };
        for (name, password, why) in [
            ("ann", "wrong", "wrong password"),
            ("nobody", "wrong", "unknown name"),
            ("waits", "wrong", "no password is set"),
            ("disabled", "wrong", "wrong password"),
            ("disabled", "some+words+of+hers", "the account is disabled"),
        ] {
            assert_eq!(computed(name, password).await, (1, why.to_owned()), "{name}");
        }
        // Over the limit nothing is computed, for either.
        for name in ["ann", "nobody"] {
            for _ in 0..4 {
                assert_eq!(computed(name, "wrong").await.0, 1);
            }
            let (computed, why) = computed(name, "wrong").await;
            assert_eq!((computed, why.as_str()), (0, "a login is tried too often, for 12s more"), "{name}");
        }
    }
}
