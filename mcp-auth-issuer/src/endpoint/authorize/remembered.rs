//! What a person said that they need not be asked again.
//!
//! Only where the answer goes to a web site over https: any program on a computer can take a loopback port or a private scheme, and send
//! the identifier of another one, so there a person is asked each time (RFC 8252 §8.6).
//!
//! The store keeps it by person. Where they log in at a provider, which may let in whoever it knows without a question, it counts only at the
//! browser where it was said: that has it in a signed cookie, and both have to say it. So what a person takes back counts at no browser any more, also
//! when they say the same anew: it has another mark then, which an older cookie does not know.

use http::{HeaderMap, HeaderValue};
use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Browser, RememberedConsent, SecretHash, StoreError};

use super::request::AuthorizationRequest;
use crate::client::redirect_uri::{Destination, destination};
use crate::issuer::Issuer;
use crate::person::KnownConsent;
use crate::secret::identifier;

/// Where it is kept.
pub(super) enum Memory {
    /// In the store, by person.
    Store,
    /// In the store, and in a cookie that said this: the latest last.
    Browser(Vec<KnownConsent>),
}

impl Memory {
    /// What this browser says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn read(issuer: &Issuer, headers: &HeaderMap) -> Result<Self, StoreError> {
        match issuer.login.site() {
            Some(_) => Ok(Self::Browser(issuer.consents.read(headers, issuer.now()).await?)),
            None => Ok(Self::Store),
        }
    }

    /// What was said last at this browser: of a client that is shown so rather than of another.
    pub(super) fn latest(&self, shown: SecretHash) -> Option<&KnownConsent> {
        let Self::Browser(known) = self else { return None };
        known.iter().rev().find(|known| known.shown == shown).or(known.last())
    }

    /// Those of the scopes that the store remembers of this person which count at this browser too.
    fn narrowed(&self, subject: &str, stored: RememberedConsent) -> Option<ScopeSet> {
        match self {
            Self::Store => Some(stored.scopes),
            Self::Browser(known) => {
                known.iter().find(|known| known.is_of(stored.shown, subject))?.narrows(&stored)
            }
        }
    }

    /// What the browser is told after this was said there instead of what it said of the same before.
    async fn told(
        &self,
        issuer: &Issuer,
        is_replaced: impl Fn(&KnownConsent) -> bool,
        said: Option<KnownConsent>,
    ) -> Result<Option<HeaderValue>, StoreError> {
        let Self::Browser(known) = self else { return Ok(None) };
        let others = known.iter().filter(|known| !is_replaced(known)).cloned();
        let after: Vec<_> = others.chain(said).collect();
        if after == *known {
            return Ok(None);
        }
        issuer.consents.set(&after).await
    }
}

impl AuthorizationRequest {
    /// Whether a person may say so of this client.
    pub(super) fn may_be_remembered(&self) -> bool {
        match destination(&self.answer.redirect_uri) {
            Destination::Web(_) => true,
            Destination::ThisComputer(_) | Destination::App(_) => false,
        }
    }

    /// The scopes of which the person `subject` said so.
    pub(super) async fn remembered(
        &self,
        issuer: &Issuer,
        memory: &Memory,
        subject: &str,
    ) -> Result<Option<ScopeSet>, StoreError> {
        if !self.may_be_remembered() {
            return Ok(None);
        }
        let (client, shown) = (&self.client.id, self.client_as_shown(issuer));
        let stored = issuer.store.consents().remembered(subject, client, shown, issuer.now()).await?;
        Ok(stored.and_then(|stored| memory.narrowed(subject, stored)))
    }

    /// Whether this person need not be asked: they said so of all that it asks for, and it does not ask for the page.
    pub(super) async fn is_allowed_already(
        &self,
        issuer: &Issuer,
        memory: &Memory,
        subject: &str,
    ) -> Result<bool, StoreError> {
        if self.checked.prompt.consent || !self.may_be_remembered() {
            return Ok(false);
        }
        let remembered = self.remembered(issuer, memory, subject).await?;
        let covers = |known: ScopeSet| self.checked.scopes.iter().all(|scope| known.contains(scope.as_str()));
        Ok(remembered.is_some_and(covers))
    }

    /// Remembers that this person need not be asked again for these scopes, which they have just allowed. Returns what the browser is told.
    pub(super) async fn remember(
        &self,
        issuer: &Issuer,
        memory: &Memory,
        person: &Browser,
        scopes: ScopeSet,
    ) -> Option<HeaderValue> {
        if !self.may_be_remembered() {
            return None;
        }
        let (subject, client, now) = (&person.subject, &self.client.id, issuer.now());
        let shown = self.client_as_shown(issuer);
        let consents = issuer.store.consents();
        let said = RememberedConsent { shown, scopes, mark: identifier(&*issuer.ambient.random) };
        let remembered = async {
            let Some(mark) = consents.remember(subject, client, said.clone(), now).await? else {
                return Ok(None);
            };
            // Asked last: a login that ended before this says nothing any more, and one that ends after it takes this back itself.
            match issuer.still_counts(subject, &person.authentication).await {
                Ok(true) => {}
                Ok(false) | Err(_) => {
                    consents.forget(subject, client, now).await?;
                    return Ok(None);
                }
            }
            let said = RememberedConsent { mark, ..said };
            let said = KnownConsent::given(said, person, now);
            memory.told(issuer, |known| known.is_of(shown, subject), Some(said)).await
        };
        // The client has its code by now; the person is only asked once more.
        remembered.await.unwrap_or_else(|error: StoreError| {
            tracing::error!(cause = ?error.cause(), "a consent is not remembered");
            None
        })
    }

    /// Takes back what this person said before of this client: they have decided otherwise. Returns what the browser is told.
    pub(super) async fn forget(
        &self,
        issuer: &Issuer,
        memory: &Memory,
        subject: &str,
    ) -> Result<Option<HeaderValue>, StoreError> {
        if !self.may_be_remembered() {
            return Ok(None);
        }
        issuer.store.consents().forget(subject, &self.client.id, issuer.now()).await?;
        let shown = self.client_as_shown(issuer);
        memory.told(issuer, |known| known.is_of(shown, subject), None).await
    }

    /// What anybody said before of this client counts at this browser no more: somebody there decided otherwise, who did not log in. Returns what
    /// the browser is told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn forget_here(
        &self,
        issuer: &Issuer,
        memory: &Memory,
    ) -> Result<Option<HeaderValue>, StoreError> {
        let shown = self.client_as_shown(issuer);
        memory.told(issuer, |known| known.shown == shown, None).await
    }
}
