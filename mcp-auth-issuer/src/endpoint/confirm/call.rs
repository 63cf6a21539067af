//! The call that the URL names, by a secret that its client was given.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_store::{Answer, Browser, Client, Confirmation, SecretHash};

use super::refusal::Refusal;
use crate::endpoint::authorize::Untrusted;
use crate::endpoint::away::Purpose;
use crate::endpoint::login_step::LoginStep;
use crate::endpoint::path::CONFIRM;
use crate::issuer::{ClientError, Issuer};
use crate::person::Asked;
use crate::person::page::texts;
use crate::request::Params;

/// A call that waits for its person.
pub(super) struct WaitingCall {
    id: SecretHash,
    pub(super) asked: Confirmation,
    pub(super) client: Option<Client>,
    /// The URL of its page, relative to the origin.
    pub(super) url: String,
}

impl WaitingCall {
    /// Reads `query`.
    ///
    /// # Errors
    /// [`Refusal::Gone`] where nothing waits under its `id`.
    pub(super) async fn read(issuer: &Issuer, query: &str) -> Result<Self, Refusal> {
        let params = Params::parse(query).map_err(Untrusted::Unreadable)?;
        let is_secret = |id: &&str| BASE64_URL_SAFE_NO_PAD.decode(id).is_ok_and(|bytes| bytes.len() == 32);
        let secret = params.get("id").filter(|_| params.count("id") == 1).filter(is_secret);
        let secret = secret.ok_or(Refusal::Gone)?;
        let id = SecretHash::of(secret);
        let asked = issuer.store.confirmations().find(id, issuer.now()).await?.ok_or(Refusal::Gone)?;
        let client = match &asked.client_id {
            // What it says of itself is only shown, so the person need not wait for a description that cannot be read.
            Some(client) => match issuer.client(client).await {
                Ok(client) => client,
                Err(ClientError::Document(_)) => issuer.known_by_its_url(client),
                Err(ClientError::Store(error)) => return Err(error.into()),
            },
            None => None,
        };
        Ok(Self { id, asked, client, url: format!("{CONFIRM}?id={secret}") })
    }

    /// The person logs in for this call.
    pub(super) fn login_step(&self) -> LoginStep<'_> {
        LoginStep {
            purpose: Purpose::Confirm,
            is_asked: true,
            client_id: self.asked.client_id.as_deref(),
            client: self.client.as_ref(),
            // An earlier login does not count.
            asked: Asked { again: true, ..Asked::default() },
            request_for: None,
            then: texts().then_call,
            refuse: texts().deny_call,
            url: &self.url,
            request: &self.url,
        }
    }

    /// Whether the person of this call logged in at this browser, for this call: an earlier login does not count.
    pub(super) fn is_logged_in_at(&self, browser: &Browser) -> bool {
        browser.logged_in_for == SecretHash::of(&self.url) && browser.subject == self.asked.subject
    }

    /// Answers it.
    ///
    /// # Errors
    /// [`Refusal::Gone`] if it was answered in the meantime, or waits no longer.
    pub(super) async fn answer(&self, issuer: &Issuer, answer: Answer) -> Result<(), Refusal> {
        match issuer.store.confirmations().answer(self.id, answer, issuer.now()).await? {
            true => Ok(()),
            false => Err(Refusal::Gone),
        }
    }
}
