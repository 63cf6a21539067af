//! The second form of the login, for one whose password was right: a one-time code, a recovery code or a passkey.

use maud::{Markup, html};
use mcp_auth_store::{Account, AccountChange, Changed, SecondFactor, SecretHash};

use super::found::{Found, Stage};
use super::login::{AccountsLogin, ask, given};
use super::means::Means;
use super::{recovery, totp};
use crate::observe::login::{RecoveryCodeUsed, SecondFactorLimited, SecondFactorRefused};
use crate::observe::{Event as _, Reason};
use crate::person::login::{Attempt, Form, LoginError, Step};
use crate::person::page::{passkey_login, texts};
use crate::person::passkey::{new_challenge, request_options};
use crate::request::Params;

/// The factor that an answer shows, or why it shows none.
type Tried = Result<SecondFactor, String>;

impl AccountsLogin {
    /// Asks for the second factor.
    pub(super) fn ask_second(
        &self,
        id: SecretHash,
        account: &Account,
        notice: Option<&str>,
    ) -> Result<Step, LoginError> {
        let has_passkey = account.passkeys().next().is_some();
        let Some(relying_party) = self.relying_party.as_ref().filter(|_| has_passkey) else {
            return ask(Found::of(id, account, Stage::Code), code_form(account, notice));
        };
        let challenge = new_challenge(&*self.ambient.random);
        let options = request_options(relying_party, &challenge, account.passkeys(), "preferred");
        let controls = html! {
            @if let Some(notice) = notice { p.warning role="alert" { (notice) } }
            (passkey_login(texts().use_passkey, &options, None))
            (code_form(account, None))
        };
        let found = Found::of(id, account, Stage::Passkey(challenge)).written();
        Ok(Step::AskWithPasskeys(Form { controls, found }))
    }

    /// The form was answered. `challenge` is what a passkey had to sign, if one was asked for.
    pub(super) async fn second(
        &self,
        attempt: &Attempt<'_>,
        found: &Found,
        challenge: Option<&str>,
        answer: &Params,
    ) -> Result<Step, LoginError> {
        let (account, now) = (self.still(found).await?, attempt.now);
        let (tried, again) = match given(answer, "passkey").zip(challenge) {
            Some(signed) => {
                (self.tried_passkey(attempt, &account, signed).await?, texts().wrong_second_passkey)
            }
            None => (self.tried_code(attempt, found.id, &account, answer).await?, texts().wrong_second_code),
        };
        let why = match tried {
            Ok(with) => {
                let log_in = AccountChange::LogIn { generation: found.generation, with: Some(with) };
                if self.store.accounts().change(found.id, log_in, now).await? == Changed::Done {
                    return Ok(logged_in(account, with, attempt));
                }
                was_refused(with).to_owned()
            }
            Err(why) => why,
        };
        let (subject, address, reason) = (&*account.name, attempt.address, Reason::Refused(&why));
        SecondFactorRefused { subject, address, reason }.happened();
        self.ask_second(found.id, &account, Some(again))
    }

    /// Limited by address alone, as a passkey without a password is.
    async fn tried_passkey(
        &self,
        attempt: &Attempt<'_>,
        account: &Account,
        (answer, challenge): (&str, &str),
    ) -> Result<Tried, LoginError> {
        if let Some(wait) = self.limits.passkey(&self.store, attempt.address, attempt.now).await? {
            return Err(LoginError::TooOften { wait });
        }
        let used = self.second_passkey(account, answer, challenge);
        Ok(used.map(SecondFactor::Passkey).map_err(|error| error.to_string()))
    }

    async fn tried_code(
        &self,
        attempt: &Attempt<'_>,
        id: SecretHash,
        account: &Account,
        answer: &Params,
    ) -> Result<Tried, LoginError> {
        let wait = self.limits.second_factor(&self.store, id, attempt.now).await?;
        if let Some(wait) = wait {
            SecondFactorLimited { subject: &account.name, address: attempt.address, wait }.happened();
            return Err(LoginError::TooOften { wait });
        }
        let code = answer.get("code").unwrap_or_default();
        Ok(match (typed(code), &account.totp) {
            (Some(digits), Some(secret)) => totp::step_of(secret, &digits, attempt.now)
                .map(SecondFactor::TotpStep)
                .ok_or_else(|| "wrong one-time code".to_owned()),
            (None, _) => Ok(SecondFactor::RecoveryCode(recovery::hash(code))),
            (Some(_), None) => Err("a one-time code, and none are set up".to_owned()),
        })
    }
}

/// Why a factor that looked right did not log in.
fn was_refused(with: SecondFactor) -> &'static str {
    match with {
        SecondFactor::TotpStep(_) => {
            "the one-time code was used before, or the account was changed during the login"
        }
        SecondFactor::RecoveryCode(_) => {
            "no recovery code that is left, or the account was changed during the login"
        }
        SecondFactor::Passkey(_) => {
            "the passkey was used meanwhile, or the account was changed during the login"
        }
    }
}

fn logged_in(account: Account, with: SecondFactor, attempt: &Attempt<'_>) -> Step {
    let means = match with {
        SecondFactor::Passkey(_) => Means::PasswordAndPasskey,
        SecondFactor::TotpStep(_) => Means::PasswordAndCode,
        SecondFactor::RecoveryCode(_) => {
            let left = account.recovery_codes.len().saturating_sub(1) as u64;
            RecoveryCodeUsed { subject: &account.name, left, address: attempt.address }.happened();
            Means::PasswordAndCode
        }
    };
    Step::Done(means.logged_in(account, attempt))
}

/// The digits of a one-time code; `None` for what has another form, such as a recovery code.
pub(super) fn typed(code: &str) -> Option<String> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == totp::DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn code_form(account: &Account, notice: Option<&str>) -> Markup {
    let asked = match account.totp.is_some() {
        true => texts().code_or_recovery,
        false => texts().one_recovery_code,
    };
    html! {
        @if let Some(notice) = notice { p.warning role="alert" { (notice) } }
        fieldset {
            label {
                (asked)
                input name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required;
            }
        }
        div.buttons { button.primary type="submit" { (texts().go_on) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_six_digits_and_all_else_is_a_recovery_code() {
        assert_eq!(typed("123 456"), Some("123456".to_owned()));
        for other in ["", "12345", "1234567", "12345a", "abcd-efgh-ijkl-mnop"] {
            assert_eq!(typed(other), None, "{other}");
        }
    }
}
