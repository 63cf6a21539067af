//! A person proved who they are: they are logged in at their browser.

use std::net::IpAddr;

use axum::response::Response;
use http::HeaderValue;
use http::header::SET_COOKIE;
use mcp_auth_store::{Browser, SecretHash, StoreError};

use super::authorize::see_other;
use super::login_step::LoginStep;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::login::LoginSucceeded;
use crate::person::User;
use crate::secret::secret;

/// A person who was logged in.
pub(super) struct LoggedIn {
    /// The new session identifier of the browser.
    pub(super) id: String,
    pub(super) browser: Browser,
    /// What tells the browser its identifier.
    pub(super) set_cookie: Option<HeaderValue>,
}

impl LoginStep<'_> {
    /// Logs `user` in at the browser of the identifier `before`. A new identifier at each login: one that an attacker planted in the browser
    /// before does not work after it.
    pub(super) async fn log_in(
        &self,
        issuer: &Issuer,
        (before, address): (&str, Option<IpAddr>),
        user: User,
    ) -> Result<LoggedIn, StoreError> {
        let now = issuer.now();
        let id = secret(&*issuer.ambient.random);
        let (amr, acr) = (user.amr.clone(), user.acr.clone());
        let browser = Browser {
            authentication: user.authentication(issuer.login.kind().into_owned(), now),
            subject: user.subject,
            name: user.name,
            known_as: user.known_as,
            linked: user.linked,
            logged_in_for: SecretHash::of(self.request),
            logged_in_at: now,
            expires_at: now.saturating_add(issuer.lifetimes.session),
        };
        // Before the login counts: a refresh of what it allows goes by it.
        issuer.keep_upstream(&browser.subject, user.upstream).await?;
        let (before, kept) = (SecretHash::of(before), SecretHash::of(&id));
        issuer.store.browser_sessions().begin(Some(before), kept, browser.clone(), now).await?;
        let (subject, acr, client_id) = (&*browser.subject, acr.as_deref(), self.client_id);
        LoginSucceeded { subject, amr: &amr, acr, client_id, address }.happened();
        let set_cookie = issuer.cookie.set(&id);
        Ok(LoggedIn { id, browser, set_cookie })
    }

    /// The same, and then the page is shown again.
    pub(super) async fn begin(
        &self,
        issuer: &Issuer,
        before: (&str, Option<IpAddr>),
        user: User,
    ) -> Result<Response, StoreError> {
        let logged_in = self.log_in(issuer, before, user).await?;
        let mut response = see_other(self.url);
        if let Some(cookie) = logged_in.set_cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        Ok(response)
    }
}
