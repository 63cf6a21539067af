//! The account that the URL asks for.

use mcp_auth_store::Browser;

use crate::endpoint::away::Purpose;
use crate::endpoint::login_step::LoginStep;
use crate::endpoint::path::CONNECT;
use crate::endpoint::waiting::{NotAnswered, Waiting};
use crate::issuer::Issuer;
use crate::person::Asked;
use crate::person::page::texts;
use crate::person::upstream::UpstreamLogin;

/// An account that a call waits for.
pub(super) struct WantedAccount<'i> {
    pub(super) waiting: Waiting,
    /// Where it is.
    pub(super) provider: &'i UpstreamLogin,
}

impl<'i> WantedAccount<'i> {
    /// Reads `query`.
    ///
    /// # Errors
    /// [`NotAnswered::Gone`] where no call waits for an account under its `id`.
    pub(super) async fn read(issuer: &'i Issuer, query: &str) -> Result<Self, NotAnswered> {
        let waiting = Waiting::read(issuer, CONNECT, query).await?;
        let provider = waiting.asked.connects.as_ref().and_then(|name| issuer.connections.get(name));
        match provider {
            Some(provider) => Ok(Self { waiting, provider }),
            None => Err(NotAnswered::Gone),
        }
    }

    /// The person logs in, to connect it.
    pub(super) fn login_step(&self) -> LoginStep<'_> {
        let Waiting { asked, client, url, .. } = &self.waiting;
        LoginStep {
            purpose: Purpose::Connect,
            is_asked: true,
            client_id: asked.client_id.as_deref(),
            client: client.as_ref(),
            asked: Asked::default(),
            request_for: None,
            then: texts().then_connect,
            refuse: texts().cancel,
            url,
            request: url,
        }
    }

    /// Whether the person who is to connect it is logged in at this browser.
    pub(super) fn is_for(&self, browser: &Browser) -> bool {
        browser.subject == self.waiting.asked.subject
    }
}
