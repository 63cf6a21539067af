//! The login that leads over the application's page.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use mcp_auth_core::Acr;
use mcp_auth_core::net::Origin;
use mcp_auth_runtime::facade::Fetch;

use super::check::is_active;
use super::options::OwnLoginOptions;
use super::request::Request;
use super::verify::{Expected, verify};
use crate::person::acr::counts_as;
use crate::person::login::{Attempt, Form, KnownFuture, Leave, Login, LoginError, LoginFuture, Step};
use crate::person::page::texts;
use crate::request::Params;

/// People log in on the page of an application that has its own users.
pub struct OwnLogin {
    options: OwnLoginOptions,
    /// What answers say in `iss`.
    iss: String,
    fetch: Arc<dyn Fetch>,
}

impl OwnLogin {
    /// The login at the application of `options`, which is asked over `fetch` who still has an account.
    pub fn new(options: OwnLoginOptions, fetch: Arc<dyn Fetch>) -> Self {
        let origin = || Origin::of(options.url.url()).map(|origin| origin.to_string());
        let iss = options.issuer.clone().or_else(origin).unwrap_or_default();
        Self { options, iss, fetch }
    }

    /// Where the page is, as a person reads it.
    fn host(&self) -> String {
        Origin::of(self.options.url.url()).map_or_else(String::new, |origin| origin.authority().to_string())
    }
}

/// Names the application, never a key.
impl fmt::Debug for OwnLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnLogin").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Login for OwnLogin {
    fn kind(&self) -> Cow<'_, str> {
        format!("own {}", self.iss).into()
    }

    fn begin<'a>(&'a self, _: &'a Attempt<'a>) -> LoginFuture<'a> {
        let form = Form::continue_to(&self.host());
        Box::pin(async move { Ok(Step::Ask(form)) })
    }

    /// The person pressed the button.
    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, _: &'a Params) -> LoginFuture<'a> {
        let request = Request::of(attempt.transaction, attempt.client_name, &attempt.asked);
        let url = request.at(self.options.url.url());
        Box::pin(async move { Ok(Step::Leave(Leave { url, found: None })) })
    }

    fn acr_values_supported(&self) -> Vec<String> {
        self.options.acr_values.iter().map(Acr::to_string).collect()
    }

    fn transaction<'q>(&self, query: &'q Params) -> Option<&'q str> {
        query.get("transaction")
    }

    fn returned<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        Box::pin(async move {
            match (answer.get("answer"), answer.get("error")) {
                (Some(text), None) => {
                    let expected = Expected {
                        iss: &self.iss,
                        aud: attempt.issuer,
                        txn: attempt.transaction,
                        now: attempt.now,
                    };
                    let user = verify(text, &self.options.key, &expected);
                    let mut user = user.map_err(|error| LoginError::Answer(error.into()))?;
                    user.acr = counts_as(user.acr, attempt.asked.acr_values, &self.options.acr_values);
                    Ok(Step::Done(user))
                }
                (None, Some("access_denied")) => Err(LoginError::Cancelled),
                (None, Some(_)) => {
                    Err(LoginError::Unavailable("the application answered with an error".into()))
                }
                (_, _) => Err(LoginError::Refused),
            }
        })
    }

    /// Everybody, where the application is not asked.
    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        Box::pin(async move {
            match &self.options.check {
                None => Ok(true),
                Some(check) => is_active(check, &self.fetch, subject)
                    .await
                    .map_err(|error| LoginError::Unavailable(error.into())),
            }
        })
    }

    fn refusal(&self) -> Cow<'static, str> {
        texts().came_back_without_login.into()
    }
}
