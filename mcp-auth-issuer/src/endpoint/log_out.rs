//! A person logs out at a browser, on whichever page has the button.

use std::net::IpAddr;

use axum::response::Response;
use http::header::SET_COOKIE;
use mcp_auth_store::{Browser, SecretHash, StoreError};

use super::another;
use super::authorize::see_other;
use super::press::end_presses;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::login::LoggedOut;

/// How far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogOut {
    /// This browser.
    Here,
    /// All browsers, and all that the person allowed.
    Everywhere,
}

impl LogOut {
    /// Logs out the browser with the session identifier `id`, with what was pressed and what need not be asked again there, and shows the page
    /// at `to`. It may be that nobody is logged in there any more. A provider asks for the account at the next login there.
    ///
    /// # Errors
    /// [`StoreError`]: some of it may be done.
    pub(super) async fn at(
        self,
        issuer: &Issuer,
        (id, person): (&str, Option<&Browser>),
        address: Option<IpAddr>,
        to: &str,
    ) -> Result<Response, StoreError> {
        let everywhere = self == Self::Everywhere;
        if let Some(person) = person.filter(|_| everywhere) {
            issuer.store.end_all_of_person(&person.subject, issuer.now()).await?;
        }
        end_presses(issuer, id).await?;
        issuer.store.browser_sessions().end(SecretHash::of(id)).await?;
        if let Some(person) = person {
            LoggedOut { subject: &person.subject, everywhere, address }.happened();
        }
        another::want(issuer, id).await?;
        let mut response = see_other(to);
        // At a provider, who is not asked any more could be somebody else at this browser.
        if issuer.login.site().is_some()
            && let Some(cookie) = issuer.consents.forget()
        {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        Ok(response)
    }
}
