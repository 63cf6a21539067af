//! The server over standard input and output: the same handler, the same verifier, the same policy. The
//! credential comes from the environment (MCP authorization: stdio), once for the connection.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use mcp_auth_core::Era;
use rmcp::model::{ErrorCode, ErrorData};

use super::{Parts, trust};
use crate::authn::{Authenticator, AuthnError, Credential, Identity, local};
use crate::authz::{Connect, Policy};
use crate::config::{SecretSource, SecretText};
use crate::declared::handler::Handler;
use crate::dispatch::Dispatch;
use crate::envelope::{Envelope, EnvelopeLimits, Message};
use crate::error::{Error, Result};
use crate::observe::audit::Decision;
use crate::rejection::Rejection;
use crate::transport::stdio::{Admission, JsonRpcRefusal, LineGate, StdioLimits, serve_stdio};

/// Serves until the input ends or the process is told to stop.
pub(super) async fn serve<H: Handler>(mut parts: Parts<H>) -> Result {
    let presenter = match parts.config.stdio_credential() {
        None => {
            let scopes = parts.config.stdio.local_scopes();
            if scopes.is_empty() && parts.policy.connect() == Connect::Authenticated {
                tracing::warn!(
                    "nobody can connect: set stdio.credential to a token, or stdio.local_scopes to what whoever \
                     starts the server may do"
                );
            }
            Presenter::Local(local::caller(scopes))
        }
        Some(source) => {
            // Only here: without a credential there is nothing an issuer in this process could have issued.
            let resource = parts.config.resource();
            let local = parts.build_local_issuer(&resource)?;
            let config = &parts.config;
            let audiences = |issuer: Option<&_>| config.stdio_audiences(issuer, &resource);
            let authenticator = trust::authenticator(
                config,
                local.as_ref(),
                audiences,
                Arc::clone(&parts.fetch),
                &parts.ambient,
            )?
            .ok_or_else(|| {
                Error::from("stdio.credential is set and auth.mode is \"none\": nobody could verify it")
            })?;
            trust::load_keys(&authenticator, config, parts.shutdown.stopping()).await?;
            authenticator.start(parts.shutdown.stopping());
            Presenter::credential(source, authenticator).await?
        }
    };
    let dispatch = Dispatch::new(
        parts.handler,
        parts.routes,
        Arc::clone(&parts.policy),
        &parts.ambient,
        parts.shutdown.stopping(),
    );
    let gate = Arc::new(StdioGate { presenter, policy: parts.policy });
    let limits = StdioLimits {
        line_bytes: parts.config.limits.body.get(),
        envelope: EnvelopeLimits { max_depth: parts.config.limits.envelope_depth.get() },
        ..StdioLimits::default()
    };
    serve_stdio(dispatch, gate, limits, parts.shutdown.stopping()).await?;
    Ok(())
}

/// Who speaks on this connection.
enum Presenter {
    /// Whoever started the process, with what `stdio.local_scopes` grants; nobody in particular without any.
    Local(Identity),
    /// The bearer of `stdio.credential`, verified anew for every message: the verifier remembers.
    Credential(Configured),
}

struct Configured {
    source: SecretSource,
    authenticator: Arc<Authenticator>,
    current: Mutex<SecretText>,
}

impl Presenter {
    /// Verifies the credential before anything is served.
    async fn credential(source: SecretSource, authenticator: Arc<Authenticator>) -> Result<Self> {
        let text = source.read()?;
        authenticator.authenticate(Credential::Bearer(text.expose())).await.map_err(|error| {
            Error::from(format!("the credential in {source} (stdio.credential): {error}"))
        })?;
        Ok(Self::Credential(Configured { source, authenticator, current: Mutex::new(text) }))
    }

    async fn identity(&self) -> std::result::Result<Identity, AuthnError> {
        match self {
            Self::Local(identity) => Ok(identity.clone()),
            Self::Credential(configured) => configured.identity().await,
        }
    }
}

impl Configured {
    /// Who the credential says it is now: one from a file that is no longer accepted is read again.
    async fn identity(&self) -> std::result::Result<Identity, AuthnError> {
        let text = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let refused = match self.authenticator.authenticate(Credential::Bearer(text.expose())).await {
            Ok(identity) => return Ok(identity),
            Err(refused) => refused,
        };
        let renewed = match self.read_again().await {
            Some(renewed) if renewed != text => renewed,
            _ => return Err(refused),
        };
        let identity = self.authenticator.authenticate(Credential::Bearer(renewed.expose())).await?;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(identity)
    }

    /// What the file holds now. Off the threads that serve: a file may be on a disk that is slow, or gone.
    async fn read_again(&self) -> Option<SecretText> {
        if !self.source.can_change() {
            return None;
        }
        let source = self.source.clone();
        tokio::task::spawn_blocking(move || source.read()).await.ok()?.ok()
    }
}

/// Decides each line: steps 7 to 9 and 14 of a request, for one identity.
struct StdioGate {
    presenter: Presenter,
    policy: Arc<Policy>,
}

impl LineGate for StdioGate {
    fn admit(&self, envelope: Envelope) -> BoxFuture<'_, std::result::Result<Admission, JsonRpcRefusal>> {
        Box::pin(async move {
            let message = Arc::clone(&envelope.message);
            let identity = match self.presenter.identity().await {
                Ok(identity) => identity,
                Err(error) => {
                    tracing::warn!(%error, "the credential is no longer accepted");
                    let rejection = Rejection::from(&error);
                    let rejection = rejection.with_scopes(self.policy.challenge_scopes(&message));
                    return Err(self.refuse(&message, None, &rejection));
                }
            };
            if envelope.removed {
                return Err(self.refuse_removed(&message, &identity));
            }
            match self.policy.decide(&message, &identity) {
                Ok(permit) => {
                    self.audit(&message, Some(&identity), None);
                    let grant: Admission = Box::new(move |extensions| {
                        extensions.insert(permit);
                    });
                    Ok(grant)
                }
                Err(denied) => {
                    Err(self.refuse(&message, Some(&identity), &Rejection::of(&denied, &envelope)))
                }
            }
        })
    }
}

impl StdioGate {
    /// The JSON-RPC error of a rejection: what the challenge would have said, in `data`. Audited, as over HTTP.
    fn refuse(
        &self,
        message: &Message,
        identity: Option<&Identity>,
        rejection: &Rejection,
    ) -> JsonRpcRefusal {
        let text = rejection.message();
        self.audit(message, identity, Some(&text));
        JsonRpcRefusal(ErrorData::new(ErrorCode(rejection.code()), text, rejection.data(None)))
    }

    fn audit(&self, message: &Message, identity: Option<&Identity>, refusal: Option<&dyn std::fmt::Display>) {
        let needed = self.policy.rule(message, identity.unwrap_or(&Identity::Anonymous));
        Decision { message: Some(message), identity, needed, refusal }.record();
    }

    /// A method that the message's revision no longer has: for whoever may connect, it is not there.
    fn refuse_removed(&self, message: &Message, identity: &Identity) -> JsonRpcRefusal {
        let method = match message {
            Message::Other { method } => method.clone(),
            _ => String::new(),
        };
        let gone = Rejection::UnknownMethod { method, era: Era::Stateless };
        let rejection = match identity {
            Identity::Anonymous if gone.yields_to_401(self.policy.connect()) => {
                Rejection::Unauthenticated { scopes: self.policy.base_scopes().clone() }
            }
            _ => gone,
        };
        self.refuse(message, Some(identity), &rejection)
    }
}
