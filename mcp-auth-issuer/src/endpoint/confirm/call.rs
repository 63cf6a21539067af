//! The call that the URL names.

use mcp_auth_store::{Browser, SecretHash};

use crate::endpoint::away::Purpose;
use crate::endpoint::login_step::LoginStep;
use crate::endpoint::path::CONFIRM;
use crate::endpoint::waiting::{NotAnswered, Waiting};
use crate::issuer::Issuer;
use crate::person::Asked;
use crate::person::page::texts;

/// A call that waits for its person to confirm it.
pub(super) struct WaitingCall(pub(super) Waiting);

impl WaitingCall {
    /// Reads `query`.
    ///
    /// # Errors
    /// [`NotAnswered::Gone`] where no such call waits under its `id`.
    pub(super) async fn read(issuer: &Issuer, query: &str) -> Result<Self, NotAnswered> {
        let waiting = Waiting::read(issuer, CONFIRM, query).await?;
        match waiting.asked.connects {
            None => Ok(Self(waiting)),
            Some(_) => Err(NotAnswered::Gone),
        }
    }

    /// The person logs in for this call.
    pub(super) fn login_step(&self) -> LoginStep<'_> {
        LoginStep {
            purpose: Purpose::Confirm,
            is_asked: true,
            client_id: self.0.asked.client_id.as_deref(),
            client: self.0.client.as_ref(),
            // An earlier login does not count.
            asked: Asked { again: true, ..Asked::default() },
            request_for: None,
            then: texts().then_call,
            refuse: texts().deny_call,
            url: &self.0.url,
            request: &self.0.url,
        }
    }

    /// Whether the person of this call logged in at this browser, for this call: an earlier login does not count.
    pub(super) fn is_logged_in_at(&self, browser: &Browser) -> bool {
        browser.logged_in_for == SecretHash::of(&self.0.url) && browser.subject == self.0.asked.subject
    }
}
