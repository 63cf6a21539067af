//! A page of the issuer in this process on which a person answers for a call: they confirm it after logging in, or connect an account that it
//! needs. The store stands between the page and the call: what the person answered never goes through the client.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::{Answer, Confirmation, MOST_WAITING, SecretHash, Store, StoreError, Taken};
use tokio::time::{Instant, sleep};

use super::answer::Question;
use super::unconfirmed::{LONGEST_WAIT, Unconfirmed};
use crate::authn::{Identity, Principal};

/// How long it takes at first until the store is asked again for an answer. A call that waits for long is patient.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// And at last.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// A page of the issuer in this process.
pub(crate) struct PersonPage {
    issuer: IssuerIdentifier,
    url: String,
    store: Store,
    ambient: Ambient,
    /// How long a call of a session may wait: a session that is silent for longer ends.
    pub(super) session_wait: Duration,
}

/// The pages of the issuer in this process, as far as it has them.
#[derive(Default)]
pub(crate) struct PersonPages {
    /// Where a person confirms a call after logging in.
    pub(crate) confirm: Option<PersonPage>,
    /// Where a person connects an account.
    pub(crate) connect: Option<PersonPage>,
}

impl PersonPage {
    /// The page at `url` of the issuer `issuer`, which answers through `store`. Sessions end once they are silent for `session_timeout`.
    pub(crate) fn new(
        (issuer, url): (IssuerIdentifier, String),
        store: Store,
        ambient: &Ambient,
        session_timeout: Duration,
    ) -> Self {
        // The answer needs some time too.
        let session_wait = LONGEST_WAIT.min(session_timeout * 9 / 10);
        Self { issuer, url, store, ambient: ambient.clone(), session_wait }
    }

    /// The issuer whose page it is.
    pub(super) fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// The caller, where it is a person who logs in at this issuer.
    pub(super) fn person<'w>(&self, who: &'w Identity) -> Option<&'w Principal> {
        who.principal().filter(|principal| principal.is_person_at(self.issuer.as_str()))
    }

    /// Keeps a call that waits, and says the secret in the URL of its page.
    pub(super) async fn keep(
        &self,
        person: &Principal,
        question: &Question<'_>,
    ) -> Result<String, Unconfirmed> {
        let mut secret = [0; 32];
        self.ambient.random.fill(&mut secret);
        let id = BASE64_URL_SAFE_NO_PAD.encode(secret);
        let now = self.ambient.clock.unix_now();
        let confirmation = Confirmation {
            subject: person.subject().to_owned(),
            client_id: person.client_id().map(str::to_owned),
            tool: question.tool.to_owned(),
            connects: question.connects.map(str::to_owned),
            arguments: question.arguments.clone(),
            expires_at: now.saturating_add(LONGEST_WAIT.as_secs()),
        };
        match self.store.confirmations().ask(SecretHash::of(&id), confirmation, now).await? {
            true => Ok(id),
            false => Err(Unconfirmed::refused(format!(
                "{MOST_WAITING} calls of this caller wait already for their person; answer those first"
            ))),
        }
    }

    /// The URL of the page of the call that waits under `id`.
    pub(super) fn url(&self, id: &str) -> String {
        format!("{}?id={id}", self.url)
    }

    /// What the person answered, as soon as they did, and taken; [`Taken::Waiting`] if they did not within `patience`.
    pub(super) async fn taken(&self, id: &str, patience: Duration) -> Result<Taken, StoreError> {
        let until = Instant::now() + patience;
        let mut look = FIRST_LOOK;
        loop {
            let now = self.ambient.clock.unix_now();
            let taken = self.store.confirmations().take(SecretHash::of(id), now).await?;
            if taken != Taken::Waiting || Instant::now() >= until {
                return Ok(taken);
            }
            sleep(look).await;
            look = LAST_LOOK.min(look * 2);
        }
    }

    /// Closes the page of a call that does not wait any more: no answer counts there.
    pub(in crate::dispatch) async fn close(&self, id: &str) -> Result<(), StoreError> {
        let now = self.ambient.clock.unix_now();
        self.store.confirmations().answer(SecretHash::of(id), Answer::Denied, now).await.map(drop)
    }
}

/// The `elicitationId` of the question. It is a hash, so that ids in a client's log do not hold the secret of the URL.
pub(super) fn public_id(id: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(SecretHash::of(id).as_bytes())
}
