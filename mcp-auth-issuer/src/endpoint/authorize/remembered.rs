//! What a person said that they need not be asked again.
//!
//! Only where the answer goes to a web site over https: any program on a computer can take a loopback port or a private scheme, and send
//! the identifier of another one, so there a person is asked each time (RFC 8252 §8.6).

use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Browser, StoreError};

use super::request::AuthorizationRequest;
use crate::client::redirect_uri::{Destination, destination};
use crate::issuer::Issuer;

impl AuthorizationRequest {
    /// Whether a person may say so of this client.
    pub(super) fn may_be_remembered(&self) -> bool {
        match destination(&self.answer.redirect_uri) {
            Destination::Web(_) => true,
            Destination::ThisComputer(_) | Destination::App(_) => false,
        }
    }

    /// The scopes of which this person said so.
    pub(super) async fn remembered(
        &self,
        issuer: &Issuer,
        person: &Browser,
    ) -> Result<Option<ScopeSet>, StoreError> {
        if !self.may_be_remembered() {
            return Ok(None);
        }
        let (subject, client) = (&person.subject, &self.client.id);
        issuer.store.consents().remembered(subject, client, self.client_as_shown(issuer), issuer.now()).await
    }

    /// Whether this person need not be asked: they said so of all that it asks for, and it does not ask for the page.
    pub(super) async fn is_allowed_already(
        &self,
        issuer: &Issuer,
        person: &Browser,
    ) -> Result<bool, StoreError> {
        if self.checked.prompt.consent || !self.may_be_remembered() {
            return Ok(false);
        }
        let remembered = self.remembered(issuer, person).await?;
        let covers = |known: ScopeSet| self.checked.scopes.iter().all(|scope| known.contains(scope.as_str()));
        Ok(remembered.is_some_and(covers))
    }

    /// Remembers that this person need not be asked again for these scopes, which they have just allowed.
    pub(super) async fn remember(&self, issuer: &Issuer, person: &Browser, scopes: ScopeSet) {
        if !self.may_be_remembered() {
            return;
        }
        let (subject, client, now) = (&person.subject, &self.client.id, issuer.now());
        let consents = issuer.store.consents();
        let remembered = async {
            consents.remember(subject, client, self.client_as_shown(issuer), scopes, now).await?;
            // Asked last: a login that ended before this says nothing any more, and one that ends after it takes this back itself.
            match issuer.still_counts(subject, &person.authentication).await {
                Ok(true) => Ok(()),
                Ok(false) | Err(_) => consents.forget(subject, client, now).await,
            }
        };
        // The client has its code by now; the person is only asked once more.
        if let Err(error) = remembered.await {
            tracing::error!(cause = ?error.cause(), "a consent is not remembered");
        }
    }

    /// Takes back what this person said before of this client: they have decided otherwise.
    pub(super) async fn forget(&self, issuer: &Issuer, person: &Browser) -> Result<(), StoreError> {
        match self.may_be_remembered() {
            true => issuer.store.consents().forget(&person.subject, &self.client.id, issuer.now()).await,
            false => Ok(()),
        }
    }
}
