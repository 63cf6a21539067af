//! Who speaks on standard input: the local caller, or the bearer of a credential from the environment (MCP
//! authorization: stdio), once for the connection.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use super::gate::Gate;
use crate::answer::Rejection;
use crate::authn::{Credential, Identity, Principal, Sender};
use mcp_auth_core::ScopeSet;

/// Reads the credential anew where it comes from; `None` when that fails.
pub(crate) type ReadAgain = Arc<dyn Fn() -> Reading + Send + Sync>;

/// The future of a [`ReadAgain`].
pub(crate) type Reading = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// What a credential is refused with that is another caller's: one that came in place of the first one, or the same one, of
/// which its issuer or the program now says something else.
const ANOTHER_CALLER: &str =
    "the credential is of another caller than the one that this connection began with";

/// Who speaks on this connection.
pub(crate) struct Speaker(Kind);

enum Kind {
    Local(Identity),
    /// Verified anew for every message: the verifier remembers.
    Bearer {
        /// Whose credential the first one was: one connection has one caller.
        caller: Option<String>,
        current: Mutex<String>,
        read_again: Option<ReadAgain>,
    },
}

impl Speaker {
    /// The user who started the process, who is `who`.
    pub(crate) fn local(who: Identity) -> Self {
        Self(Kind::Local(who))
    }

    /// The bearer of `credential`, who is `who`; `read_again` where it may change while the server runs.
    pub(crate) fn bearer(credential: String, who: &Identity, read_again: Option<ReadAgain>) -> Self {
        Self(Kind::Bearer { caller: id(who), current: Mutex::new(credential), read_again })
    }

    /// 7. Who it is now: a credential that is no longer accepted is read again.
    pub(super) async fn authenticate(&self, gate: &Gate) -> Result<Identity, Rejection> {
        let (caller, current, read_again) = match &self.0 {
            Kind::Local(identity) => return Ok(identity.clone()),
            Kind::Bearer { caller, current, read_again } => (caller, current, read_again),
        };
        let text = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let refused = match bearer_of(&text, caller.as_ref(), gate).await {
            Ok(identity) => return Ok(identity),
            // Another credential helps against this alone; one that cannot be checked now may be as good as before.
            Err(refused @ Rejection::InvalidToken { .. }) => refused,
            Err(refused) => return Err(refused),
        };
        let renewed = match read_again {
            Some(read_again) => read_again().await.filter(|renewed| *renewed != text),
            None => None,
        };
        let identity = match &renewed {
            Some(renewed) => bearer_of(renewed, caller.as_ref(), gate).await,
            None => Err(refused),
        };
        match (&identity, renewed) {
            (Ok(_), Some(renewed)) => *current.lock().unwrap_or_else(PoisonError::into_inner) = renewed,
            (Err(refused), _) => {
                tracing::warn!(reason = %refused.message(), hint = refused.hint(), "the credential is no longer accepted");
            }
            _ => {}
        }
        identity
    }
}

/// Who bears this credential, where that is `caller`.
async fn bearer_of(credential: &str, caller: Option<&String>, gate: &Gate) -> Result<Identity, Rejection> {
    let identity = gate.authenticate(Ok(Credential::Bearer(credential)), &Sender::default()).await?;
    match id(&identity).is_some_and(|id| Some(&id) == caller) {
        true => Ok(identity),
        false => Err(Rejection::InvalidToken {
            reason: ANOTHER_CALLER.to_owned(),
            detail: None,
            hint: None,
            scopes: ScopeSet::new(),
        }),
    }
}

/// A caller, whichever client and credential it uses.
fn id(identity: &Identity) -> Option<String> {
    identity.principal().map(Principal::id)
}
