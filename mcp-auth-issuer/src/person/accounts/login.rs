//! The login with an account: a name and a password, then, where there are one-time codes, one of them or a recovery code.

use maud::{Markup, html};
use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::seen::deceives;
use mcp_auth_store::{Account, AccountChange, Changed, SecondFactor, SecretHash, Store, StoreError};

use super::factors::FactorsError;
use super::found::{Found, Stage};
use super::limits::Limits;
use super::name;
use super::options::{AccountsOptions, SecondFactorPolicy};
use super::password::{HashError, Passwords};
use super::{recovery, rules, totp};
use crate::observe::account::SecondFactorChangeRefused;
use crate::observe::login::{RecoveryCodeUsed, SecondFactorLimited, SecondFactorRefused};
use crate::observe::{Event as _, Reason};
use crate::person::login::{Attempt, Form, KnownFuture, Login, LoginError, LoginFuture, Step, User};
use crate::person::page::{recovery_codes, totp_setup};
use crate::request::Params;

/// Logged in with a password alone.
const BY_PASSWORD: &str = "urn:mcp-auth:pwd";
/// Logged in with a password and a second factor.
const BY_TWO_FACTORS: &str = "urn:mcp-auth:mfa";

/// People log in with an account in the store. What they are called is given once, and never to another person.
///
/// - `acr`: `urn:mcp-auth:pwd`, or `urn:mcp-auth:mfa` with a second factor.
/// - `amr` (RFC 8176): `pwd`; with a second factor `pwd`, `otp` and `mfa`.
#[derive(Debug)]
pub struct AccountsLogin {
    pub(super) store: Store,
    pub(super) ambient: Ambient,
    pub(super) passwords: Passwords,
    limits: Limits,
    pub(super) second_factor: SecondFactorPolicy,
    /// What an authenticator app calls this server.
    pub(super) server: String,
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
    /// The accounts of `store`; `server` is what authenticator apps call this server.
    pub fn new(store: Store, ambient: Ambient, options: &AccountsOptions, server: impl Into<String>) -> Self {
        Self {
            passwords: Passwords::new(ambient.random.clone()),
            store,
            ambient,
            limits: Limits::new(options),
            second_factor: options.second_factor,
            server: server.into(),
        }
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
        match (account.totp.is_some(), is_needed) {
            (true, _) => ask(Found::of(id, &account, Stage::Code), code_form(None)),
            (false, true) => self.begin_setup(id, &account).await,
            (false, false) => {
                let log_in = AccountChange::LogIn { generation: account.generation, with: None };
                match self.store.accounts().change(id, log_in, attempt.now).await? {
                    Changed::Done => Ok(Step::Done(user(account, false, attempt))),
                    Changed::Refused | Changed::Unknown => Err(changed_meanwhile(&account)),
                }
            }
        }
    }

    /// The second form was answered.
    async fn code(&self, attempt: &Attempt<'_>, found: Found, answer: &Params) -> Result<Step, LoginError> {
        let account = self.still(found).await?;
        let wait = self.limits.second_factor(&self.store, found.id, attempt.now).await?;
        if let Some(wait) = wait {
            SecondFactorLimited { subject: &account.name, address: attempt.address, wait }.happened();
            return Err(LoginError::TooOften { wait });
        }
        let (code, now) = (answer.get("code").unwrap_or_default(), attempt.now);
        let with = match (typed(code), &account.totp) {
            (Some(digits), Some(secret)) => totp::step_of(secret, &digits, now).map(SecondFactor::TotpStep),
            (None, _) => Some(SecondFactor::RecoveryCode(recovery::hash(code))),
            (Some(_), None) => None,
        };
        if let Some(with) = with {
            let log_in = AccountChange::LogIn { generation: found.generation, with: Some(with) };
            if self.store.accounts().change(found.id, log_in, now).await? == Changed::Done {
                if matches!(with, SecondFactor::RecoveryCode(_)) {
                    let left = account.recovery_codes.len().saturating_sub(1) as u64;
                    RecoveryCodeUsed { subject: &account.name, left, address: attempt.address }.happened();
                }
                return Ok(Step::Done(user(account, true, attempt)));
            }
        }
        SecondFactorRefused { subject: &account.name, address: attempt.address }.happened();
        let again = "That code is not right, or it was used before. Wait for the next one and type that.";
        ask(found, code_form(Some(again)))
    }

    /// Nobody logs in here without a second factor, and this account has none yet.
    async fn begin_setup(&self, id: SecretHash, account: &Account) -> Result<Step, LoginError> {
        let setup = self.begin_totp(&account.name).await.map_err(|error| not_set_up(error, account))?;
        ask(Found::of(id, account, Stage::Setup(setup.begun())), setup_form(&totp_setup(&setup), None))
    }

    async fn set_up(&self, found: Found, begun: SecretHash, answer: &Params) -> Result<Step, LoginError> {
        let account = self.still(found).await?;
        let code = answer.get("code").unwrap_or_default();
        match self.confirm_totp(&account.name, begun, code).await {
            Ok(codes) => {
                let account = self.store.accounts().find(found.id).await?;
                let Some(account) = account else { return Err(refused("the account is gone", None)) };
                let kept = html! {
                    (recovery_codes(&codes))
                    div.buttons { button.primary type="submit" { "I have kept them" } }
                };
                ask(Found::of(found.id, &account, Stage::Kept), kept)
            }
            Err(error @ FactorsError::WrongCode) => {
                let (subject, reason) = (&*account.name, Reason::Refused(&error));
                SecondFactorChangeRefused { subject, reason }.happened();
                let setup = self.begun_totp(&account, begun).ok_or_else(|| changed_meanwhile(&account))?;
                let again = "That code is not right. Wait for the next one in the app and type that.";
                ask(found, setup_form(&totp_setup(&setup), Some(again)))
            }
            Err(error) => Err(not_set_up(error, &account)),
        }
    }

    /// The account of one whose password was right, unless something of it was changed since then.
    async fn still(&self, found: Found) -> Result<Account, LoginError> {
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
        let controls = html! {
            fieldset {
                label { "Name" input name="username" value=[hint] autocomplete="username" autocapitalize="none" spellcheck="false" required; }
                label { "Password" input type="password" name="password" autocomplete="current-password" required; }
            }
            div.buttons { button.primary type="submit" { "Log in" } }
        };
        Box::pin(async move { Ok(Step::Ask(Form { controls, found: None })) })
    }

    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        Box::pin(async move {
            let Some(found) = attempt.found else { return self.password(attempt, answer).await };
            let found =
                Found::read(found).ok_or_else(|| refused("the login cannot be gone on with", None))?;
            match found.stage {
                Stage::Code => self.code(attempt, found, answer).await,
                Stage::Setup(begun) => self.set_up(found, begun, answer).await,
                // The password alone let them set up the other factor, so this login is as strong as the password.
                Stage::Kept => Ok(Step::Done(user(self.still(found).await?, false, attempt))),
            }
        })
    }

    fn acr_values_supported(&self) -> Vec<String> {
        let supported = match self.second_factor {
            SecondFactorPolicy::Optional => [BY_TWO_FACTORS, BY_PASSWORD].as_slice(),
            SecondFactorPolicy::Required => [BY_TWO_FACTORS].as_slice(),
        };
        supported.iter().map(|acr| (*acr).to_owned()).collect()
    }

    /// One who has nothing to log in with, because an operator reset it, cannot go on either.
    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        Box::pin(async move {
            let account = self.of_subject(subject).await?;
            Ok(account.is_some_and(|(_, account)| can_log_in(&account)))
        })
    }

    /// Not after a change of what the person logs in with: the login was made with what does not count any more.
    fn still_counts<'a>(&'a self, subject: &'a str, version: u64) -> KnownFuture<'a> {
        Box::pin(async move {
            let account = self.of_subject(subject).await?;
            Ok(account.is_some_and(|(_, account)| can_log_in(&account) && account.generation == version))
        })
    }

    fn refusal(&self) -> std::borrow::Cow<'static, str> {
        "The name or the password is not right. Try again.".into()
    }
}

fn can_log_in(account: &Account) -> bool {
    !account.disabled && (account.password.is_some() || !account.credentials.is_empty())
}

/// Of the two values of `acr` that there are, whether the application asks for this one alone.
fn asks_only(attempt: &Attempt<'_>, acr: &str) -> bool {
    let asked = attempt.asked.acr_values.unwrap_or_default();
    let mut known = asked.split(' ').filter(|value| [BY_PASSWORD, BY_TWO_FACTORS].contains(value)).peekable();
    known.peek().is_some() && known.all(|value| value == acr)
}

/// Who logged in with two factors has done what is asked for of a password alone, and the token says what was asked for; `amr` says how it was.
fn user(account: Account, by_two: bool, attempt: &Attempt<'_>) -> User {
    let (acr, amr) = match by_two {
        true if asks_only(attempt, BY_PASSWORD) => (BY_PASSWORD, ["pwd", "otp", "mfa"].as_slice()),
        true => (BY_TWO_FACTORS, ["pwd", "otp", "mfa"].as_slice()),
        false => (BY_PASSWORD, ["pwd"].as_slice()),
    };
    User {
        version: account.generation,
        subject: account.name,
        name: account.display_name,
        acr: Some(acr.to_owned()),
        amr: amr.iter().map(|means| (*means).to_owned()).collect(),
        auth_time: None,
    }
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
        FactorsError::WrongCode | FactorsError::Needed | FactorsError::Gone => changed_meanwhile(account),
    }
}

fn ask(found: Found, controls: Markup) -> Result<Step, LoginError> {
    Ok(Step::Ask(Form { controls, found: found.written() }))
}

/// The digits of a one-time code; `None` for what has another form, such as a recovery code.
pub(super) fn typed(code: &str) -> Option<String> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == totp::DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn code_form(notice: Option<&str>) -> Markup {
    html! {
        @if let Some(notice) = notice { p.warning role="alert" { (notice) } }
        fieldset {
            label {
                "Code from your authenticator app, or one of your recovery codes"
                input name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required;
            }
        }
        div.buttons { button.primary type="submit" { "Go on" } }
    }
}

fn setup_form(setup: &Markup, notice: Option<&str>) -> Markup {
    html! {
        @if let Some(notice) = notice { p.warning role="alert" { (notice) } }
        p { "This server asks for a second step at each login. Set it up now." }
        (setup)
        div.buttons { button.primary type="submit" { "Go on" } }
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
                asked: Asked::default(),
                address: None,
                now: 1000,
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

    #[test]
    fn a_code_has_six_digits_and_all_else_is_a_recovery_code() {
        assert_eq!(typed("123 456"), Some("123456".to_owned()));
        for other in ["", "12345", "1234567", "12345a", "abcd-efgh-ijkl-mnop"] {
            assert_eq!(typed(other), None, "{other}");
        }
    }
}
