//! The account that the URL asks for.

use mcp_auth_store::{Browser, Connection, StoreError, UpstreamGrant};

use crate::endpoint::away::Purpose;
use crate::endpoint::login_step::LoginStep;
use crate::endpoint::path::CONNECT;
use crate::endpoint::waiting::{NotAnswered, Waiting};
use crate::issuer::Issuer;
use crate::person::Asked;
use crate::person::page::texts;
use crate::person::upstream::UpstreamLogin;

/// How long a person has to say whether the account is the one, in seconds.
const TIME_TO_ANSWER: u64 = 10 * 60;

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

    /// The account that the provider named, which waits for its person to say that it is the one. It is for this person and provider, and not for one
    /// call.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn named(&self, issuer: &Issuer) -> Result<Option<UpstreamGrant>, StoreError> {
        let waiting = self.waiting_name();
        let of = Connection { subject: &self.waiting.asked.subject, upstream: &waiting };
        let named = issuer.store.upstream_grants().find(of, issuer.now()).await?;
        Ok(named.filter(|grant| self.provider.is_connected_by(grant)))
    }

    /// Keeps what the provider gave for the account that it named, until its person says whether it is the one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn keep_named(&self, issuer: &Issuer, grant: UpstreamGrant) -> Result<(), StoreError> {
        let (waiting, now) = (self.waiting_name(), issuer.now());
        let of = Connection { subject: &self.waiting.asked.subject, upstream: &waiting };
        issuer.store.upstream_grants().keep(of, grant, now.saturating_add(TIME_TO_ANSWER), now).await
    }

    /// Nobody has to say anything of it any more. Where the store fails, it goes by itself within ten minutes.
    pub(super) async fn forget_named(&self, issuer: &Issuer) {
        let waiting = self.waiting_name();
        let of = Connection { subject: &self.waiting.asked.subject, upstream: &waiting };
        if let Err(error) = issuer.store.upstream_grants().forget(of, issuer.now()).await {
            tracing::warn!(%error, "what a provider gave for an account that is not to be connected is kept for ten minutes more");
        }
    }

    /// What it is kept as: no name in the configuration has a space.
    fn waiting_name(&self) -> String {
        format!("{} waiting", self.upstream())
    }

    /// The provider, by its name in the configuration.
    pub(super) fn upstream(&self) -> &str {
        self.waiting.asked.connects.as_deref().unwrap_or_default()
    }

    /// Whether the person who is to connect it is logged in at this browser.
    pub(super) fn is_for(&self, browser: &Browser) -> bool {
        browser.subject == self.waiting.asked.subject
    }
}
