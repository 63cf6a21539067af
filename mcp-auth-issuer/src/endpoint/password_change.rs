//! The step of `/account/factors` in which a person changes their password.
//!
//! It asks for the current password, although they logged in just now (OWASP ASVS 5.0 §6.2.3). Otherwise somebody else at a browser that was
//! left open could set a new one, and only an operator could undo it. A passkey that was added there can be removed by its person.

use std::net::IpAddr;

use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use mcp_auth_core::SecretText;

use super::factors::Fresh;
use super::page_not_shown::PageNotShown;
use crate::observe::account::{PasswordChangeRefused, PasswordChanged};
use crate::observe::{Event as _, Reason};
use crate::person::accounts::{FactorsError, NotChanged};
use crate::person::page::{Shown, texts, unfit};
use crate::request::Params;

/// Changes the password as the form says. All other browsers of the person are logged out by it.
pub(super) async fn change(
    fresh: Fresh<'_>,
    fields: &Params,
    address: Option<IpAddr>,
) -> Result<Response, PageNotShown> {
    let given = |name| SecretText::new(fields.get(name).unwrap_or_default());
    let (current, password) = (given("current"), given("password"));
    let again = |status, why: String| fresh.told(Shown::Password, Some((status, why.into())));
    if given("again") != password {
        let why = texts().new_passwords_differ.to_owned();
        return again(StatusCode::UNPROCESSABLE_ENTITY, why).await;
    }
    let changed = fresh.accounts.change_password(&fresh.account, (&current, &password), address).await;
    let Err(error) = changed else {
        PasswordChanged { subject: &fresh.account.name, address }.happened();
        let account = fresh.accounts.account(&fresh.account.name).await?;
        let why = texts().password_changed;
        return Fresh { account, ..fresh }.goes_on(Shown::Overview, Some((StatusCode::OK, why))).await;
    };
    let wait = if let NotChanged::TooOften { wait } = error { Some(wait) } else { None };
    let refused = || {
        let (subject, reason) = (&*fresh.account.name, Reason::Refused(&error));
        PasswordChangeRefused { subject, address, wait, reason }.happened();
    };
    match &error {
        NotChanged::Unfit(why) => {
            refused();
            again(StatusCode::UNPROCESSABLE_ENTITY, unfit(*why)).await
        }
        NotChanged::Same => {
            refused();
            let why = texts().same_password.to_owned();
            again(StatusCode::UNPROCESSABLE_ENTITY, why).await
        }
        NotChanged::WrongCurrent => {
            refused();
            let why = texts().wrong_current_password.to_owned();
            again(StatusCode::UNPROCESSABLE_ENTITY, why).await
        }
        NotChanged::TooOften { wait } => {
            refused();
            let why = texts().passwords_too_often.to_owned();
            let mut response = again(StatusCode::TOO_MANY_REQUESTS, why).await?;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*wait));
            Ok(response)
        }
        NotChanged::Gone => {
            refused();
            Err(FactorsError::Gone.into())
        }
        NotChanged::Hash(_) | NotChanged::Store(_) => Err(error.into()),
    }
}

impl From<NotChanged> for PageNotShown {
    fn from(error: NotChanged) -> Self {
        match error {
            NotChanged::Store(error) => error.into(),
            error => Self::Failed(error.into()),
        }
    }
}
