//! The step that the pages for people have in common: the person logs in. Which login will do is for each of them to say.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::SET_COOKIE;
use mcp_auth_store::{Browser, Client, SecretHash, StoreError};

use super::authorize::see_other;
use crate::issuer::Issuer;
use crate::person::page::{LoginPage, Notice};
use crate::person::{LoginError, User};
use crate::request::Params;
use crate::secret::secret;

/// What a person logs in for.
pub(super) struct LoginStep<'a> {
    /// The identifier of the client that asks, for the log.
    pub(super) client_id: Option<&'a str>,
    /// The client, where it is known.
    pub(super) client: Option<&'a Client>,
    /// What the page says about the next step.
    pub(super) then: &'static str,
    /// The label of the button that refuses.
    pub(super) refuse: &'static str,
    /// The URL of the page, relative to the origin: its forms post to it.
    pub(super) url: &'a str,
    /// What names the request and no other: forms and logins are bound to it.
    pub(super) request: &'a str,
}

impl LoginStep<'_> {
    /// The login page.
    pub(super) async fn page(
        &self,
        issuer: &Issuer,
        headers: &HeaderMap,
        notice: Option<Notice>,
    ) -> Result<Response, StoreError> {
        let cookie = issuer.cookie.read(headers);
        // A browser without a login gets an identifier that is not stored; it only ties the form to the browser.
        let fresh = cookie.is_none().then(|| secret(&*issuer.ambient.random));
        let id = fresh.as_deref().or(cookie).unwrap_or_default();
        let csrf = issuer.csrf.token(id, self.request, &*issuer.ambient.random).await?;
        let page = LoginPage {
            issuer,
            client: self.client,
            then: self.then,
            refuse: self.refuse,
            controls: issuer.login.controls(),
            notice,
            action: self.url,
            csrf: &csrf,
        };
        let mut response = page.into_response();
        if let Some(cookie) = fresh.and_then(|id| issuer.cookie.set(&id)) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// Who logs in by this form, or what its page says then.
    pub(super) async fn log_in(&self, issuer: &Issuer, form: &Params) -> Result<User, Notice> {
        match issuer.login.login(form).await {
            // Tokens name both by `sub`, so what is decided by it would hold for the person too.
            Ok(user) if issuer.named.contains_key(&user.subject) => {
                tracing::error!(subject = ?user.subject, "login refused: a named client has this name");
                Err(Notice::Refused(issuer.login.refusal()))
            }
            Ok(user) => Ok(user),
            Err(error) => {
                tracing::warn!(%error, client_id = ?self.client_id, "login refused");
                Err(match error {
                    LoginError::Refused | LoginError::UnknownUser => Notice::Refused(issuer.login.refusal()),
                    LoginError::Unavailable(_) => Notice::Unavailable,
                })
            }
        }
    }

    /// Logs `subject` in at the browser of the identifier `before`, and shows the page again. A new identifier at each login: one
    /// that an attacker planted in the browser before does not work after it.
    pub(super) async fn begin(
        &self,
        issuer: &Issuer,
        before: &str,
        subject: String,
    ) -> Result<Response, StoreError> {
        let now = issuer.now();
        let id = secret(&*issuer.ambient.random);
        tracing::info!(?subject, client_id = ?self.client_id, "user logged in");
        let browser = Browser {
            subject,
            auth_time: now,
            logged_in_for: SecretHash::of(self.request),
            expires_at: now.saturating_add(issuer.lifetimes.session),
        };
        let (before, kept) = (SecretHash::of(before), SecretHash::of(&id));
        issuer.store.browser_sessions().begin(Some(before), kept, browser, now).await?;
        let mut response = see_other(self.url);
        if let Some(cookie) = issuer.cookie.set(&id) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        Ok(response)
    }
}
