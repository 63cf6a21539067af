//! Who is at the browser that a request came from, as far as the browser says so.

use std::net::IpAddr;

use http::HeaderMap;
use mcp_auth_store::{Browser, StoreError};

use super::remembered::Memory;
use super::request::AuthorizationRequest;
use crate::endpoint::away::Decision;
use crate::endpoint::login_step::{LoginStep, RequestFor};
use crate::endpoint::page_form::PageForm;
use crate::issuer::Issuer;
use crate::person::KnownConsent;
use crate::person::page::Who;

/// A browser, and what it brings along.
pub(super) struct Visit<'h> {
    pub(super) headers: &'h HeaderMap,
    pub(super) address: Option<IpAddr>,
    /// Its session identifier.
    pub(super) cookie: Option<&'h str>,
    /// The login there, whether or not it will do for the request.
    pub(super) browser: Option<Browser>,
    /// What was said there before.
    pub(super) memory: Memory,
}

impl<'h> Visit<'h> {
    /// One that opens a page.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn read(
        issuer: &Issuer,
        headers: &'h HeaderMap,
        address: Option<IpAddr>,
    ) -> Result<Self, StoreError> {
        let (cookie, browser) = issuer.session(headers).await?;
        let memory = Memory::read(issuer, headers).await?;
        Ok(Self { headers, address, cookie, browser, memory })
    }

    /// One that sent this form.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn of_form(
        issuer: &Issuer,
        (headers, address): (&'h HeaderMap, Option<IpAddr>),
        form: &PageForm<'h>,
    ) -> Result<Self, StoreError> {
        let memory = Memory::read(issuer, headers).await?;
        Ok(Self { headers, address, cookie: Some(form.cookie), browser: form.browser.clone(), memory })
    }

    /// From where, as the steps of a login take it.
    pub(super) fn from(&self) -> (&'h HeaderMap, Option<IpAddr>) {
        (self.headers, self.address)
    }

    /// The person who was here last, and how pages name them: who is logged in, though that login may not do for the request, or who said last
    /// that they need not be asked, of this client rather than of another.
    pub(super) fn last(&self, issuer: &Issuer, request: &AuthorizationRequest) -> Option<(&str, Who<'_>)> {
        if let Some(browser) = &self.browser {
            return Some((&browser.subject, browser.into()));
        }
        let known = self.memory.latest(request.client_as_shown(issuer))?;
        let KnownConsent { subject, name, known_as, .. } = known;
        Some((subject, Who::new(subject, name.as_deref(), known_as.as_deref())))
    }
}

impl AuthorizationRequest {
    /// The person logs in for this request, who decided this of it before.
    pub(super) fn login_step<'a>(
        &'a self,
        issuer: &Issuer,
        visit: &'a Visit<'_>,
        decision: Option<&'a Decision>,
    ) -> LoginStep<'a> {
        let request_for = RequestFor {
            redirect_uri: &self.answer.redirect_uri,
            scopes: &self.checked.scopes,
            may_be_remembered: self.may_be_remembered(),
            last: visit.last(issuer, self),
            decision,
        };
        self.login_step_for(request_for)
    }
}
