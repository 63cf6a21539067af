//! The page of the issuer in this process on which a person confirms a call, after logging in there for it. The store stands between
//! the page and the call: what the person answered never goes through their browser or the client.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::{Answer, Confirmation, SecretHash, Store, StoreError, Taken};
use tokio::time::{Instant, sleep};

use crate::authn::{Identity, Principal};

/// How long a call waits for its person, in seconds.
pub(super) const WAITS: u64 = 600;

/// How often the store is asked for an answer while a call waits.
const LOOKS: Duration = Duration::from_millis(250);

/// The page of the issuer in this process.
pub(crate) struct ConfirmationPage {
    issuer: IssuerIdentifier,
    url: String,
    store: Store,
    ambient: Ambient,
}

impl ConfirmationPage {
    /// The page at `url` of the issuer `issuer`, which answers through `store`.
    pub(crate) fn new(issuer: IssuerIdentifier, url: String, store: Store, ambient: &Ambient) -> Self {
        Self { issuer, url, store, ambient: ambient.clone() }
    }

    /// The issuer whose page it is.
    pub(super) fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// The caller, where it is a person who logs in at this issuer.
    pub(super) fn person<'w>(&self, who: &'w Identity) -> Option<&'w Principal> {
        let is_own = |principal: &&Principal| self.issuer.as_str() == principal.issuer();
        who.principal().filter(is_own).filter(|principal| !principal.is_client() && !principal.is_local())
    }

    /// Keeps a call that waits, and says the secret in the URL of its page.
    pub(super) async fn ask(
        &self,
        person: &Principal,
        tool: &str,
        arguments: String,
    ) -> Result<String, StoreError> {
        let mut secret = [0; 32];
        self.ambient.random.fill(&mut secret);
        let id = BASE64_URL_SAFE_NO_PAD.encode(secret);
        let now = self.ambient.clock.unix_now();
        let confirmation = Confirmation {
            subject: person.subject().to_owned(),
            client_id: person.client_id().map(str::to_owned),
            tool: tool.to_owned(),
            arguments,
            expires_at: now.saturating_add(WAITS),
        };
        self.store.confirmations().ask(SecretHash::of(&id), confirmation, now).await?;
        Ok(id)
    }

    /// The URL of the page of the call that waits under `id`.
    pub(super) fn url(&self, id: &str) -> String {
        format!("{}?id={id}", self.url)
    }

    /// What the person answered, as soon as they did, and taken; [`Taken::Waiting`] if they did not within `patience`.
    pub(super) async fn taken(&self, id: &str, patience: Duration) -> Result<Taken, StoreError> {
        let until = Instant::now() + patience;
        loop {
            let now = self.ambient.clock.unix_now();
            let taken = self.store.confirmations().take(SecretHash::of(id), now).await?;
            if taken != Taken::Waiting || Instant::now() >= until {
                return Ok(taken);
            }
            sleep(LOOKS).await;
        }
    }

    /// Nobody can answer any more on the page of a call whose person declined in the client.
    pub(super) async fn close(&self, id: &str) -> Result<(), StoreError> {
        let now = self.ambient.clock.unix_now();
        self.store.confirmations().answer(SecretHash::of(id), Answer::Denied, now).await.map(drop)
    }
}

/// What names a question to a client, which is not to be told the secret twice.
pub(super) fn public_id(id: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(SecretHash::of(id).as_bytes())
}
