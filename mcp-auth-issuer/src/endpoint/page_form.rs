//! A form that one of our own pages posts: sent to this issuer, by this origin, by the browser that was shown the page, about the
//! request that the page was about.

use axum::body::Body;
use http::HeaderMap;
use mcp_auth_store::{Browser, StoreError};

use super::authorize::Untrusted;
use crate::issuer::Issuer;
use crate::person::ConsentPage;
use crate::request::Params;
use crate::request::body::{InvalidBody, long_form};

/// A form that counts.
pub(super) struct PageForm<'h> {
    pub(super) fields: Params,
    /// The session identifier of the browser.
    pub(super) cookie: &'h str,
    /// The login there, if there is one.
    pub(super) browser: Option<Browser>,
}

impl<'h> PageForm<'h> {
    /// Whether a request was sent to this issuer by one of its own pages. Asked before anything of it is read.
    ///
    /// # Errors
    /// [`Untrusted::Host`], [`Untrusted::Sender`].
    pub(super) fn is_sent_by_our_page(issuer: &Issuer, headers: &HeaderMap) -> Result<(), Untrusted> {
        match (issuer.origin.is_host_of(headers), issuer.origin.is_sender_of(headers)) {
            (false, _) => Err(Untrusted::Host),
            (true, false) => Err(Untrusted::Sender),
            (true, true) => Ok(()),
        }
    }

    /// Whether it is of this page of its request: one of another page says nothing to this one.
    pub(super) fn is_of(&self, page: ConsentPage<'_>) -> bool {
        page.is_of(self.fields.get("csrf").unwrap_or_default())
    }

    /// Reads it; `request` is what it has to be bound to, `url` where its page is.
    ///
    /// # Errors
    /// [`Untrusted::Form`], [`Untrusted::Stale`], or the store's.
    pub(super) async fn read<R: From<Untrusted> + From<StoreError>>(
        issuer: &Issuer,
        headers: &'h HeaderMap,
        body: Body,
        (request, url): (&str, &str),
    ) -> Result<Self, R> {
        let stale = || Untrusted::Stale { page: url.to_owned() };
        let fields = long_form(headers, body).await.map_err(|error| match error {
            // No page of ours has it, so the person looks at the page again.
            InvalidBody::Repeated(_) => stale(),
            error => Untrusted::Form(error),
        })?;
        let (cookie, visitor) = issuer.visitor(headers).await?;
        let Some(cookie) = cookie else { return Err(stale().into()) };
        let browser = match fields.get("decision") {
            Some("deny" | "logout") => visitor.person_who_leaves(),
            _ => visitor.person()?,
        };
        match issuer.csrf.verify(cookie, request, fields.get("csrf").unwrap_or_default()).await? {
            true => Ok(Self { fields, cookie, browser }),
            false => Err(stale().into()),
        }
    }
}
