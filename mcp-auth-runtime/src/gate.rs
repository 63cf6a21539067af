//! The gate in front of rmcp: steps 7 to 14 of a request over HTTP, in order. It authenticates, reads the
//! body once, decides, and only then hands rmcp exactly the bytes it read, with a permit and no credentials.
//! This file decides; `direct` answers what needs no more than dispatch; `forward` hands everything else on, by the
//! session the message belongs to; `credentials` is what is taken out before.

mod credentials;
mod direct;
mod forward;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use http::{HeaderMap, Method, Response, request};
use mcp_auth_core::Era;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::authn::credential::refuse_second_in_form;
use crate::authn::{Authenticator, AuthnError, Credential, Identity};
use crate::authz::{Denied, Policy};
use crate::declared::handler::Handler;
use crate::dispatch::Dispatch;
use crate::envelope::{self, Envelope, EnvelopeLimits, HeaderMismatch, Message, RequestIdValue};
use crate::observe::audit::Decision;
use crate::rejection::Rejection;
use crate::session::Sessions;
use crate::transport::limits::{read_body, refuse_encoded};
use mcp_auth_core::ambient::Clock;

/// The bounds of one message.
#[derive(Debug, Clone, Copy)]
pub struct GateLimits {
    /// Largest body, in bytes.
    pub body: usize,
    /// Largest body read for a caller that is not verified: enough to say in the challenge what it needs.
    pub unverified_body: usize,
    /// Longest time for a body to arrive.
    pub body_timeout: Duration,
    /// Bounds of the JSON in it.
    pub envelope: EnvelopeLimits,
}

/// What a gate is made of.
pub struct GateSettings {
    /// `None` with `auth.mode = "none"`: everyone is anonymous and everything is public.
    pub authenticator: Option<Arc<Authenticator>>,
    /// The decision.
    pub policy: Arc<Policy>,
    /// Where clients find the protected resource metadata: the absolute URL every challenge names.
    pub resource_metadata: String,
    /// `auth.denial = "tool-error"`.
    pub denial_as_tool_error: bool,
    /// Bounds of one message.
    pub limits: GateLimits,
    /// Legacy sessions and whose they are.
    pub sessions: Sessions,
    /// What the expiry of a stream's token is compared with.
    pub clock: Arc<dyn Clock>,
}

/// Everything the MCP endpoint answers with.
pub struct Gate<H: Handler> {
    settings: GateSettings,
    with_sessions: StreamableHttpService<Arc<Dispatch<H>>, LocalSessionManager>,
    stateless: StreamableHttpService<Arc<Dispatch<H>>, NeverSessionManager>,
    dispatch: Arc<Dispatch<H>>,
    /// Cancelled when calls in flight have to end.
    cut: CancellationToken,
}

impl<H: Handler> std::ops::Deref for Gate<H> {
    type Target = GateSettings;
    fn deref(&self) -> &GateSettings {
        &self.settings
    }
}

/// What came of the `Authorization` header. Nothing is answered before the body said what it asks for.
enum Presenter {
    Known(Identity),
    Refused(Rejection),
}

/// What came of the body, and whether the headers agree with it.
struct Received {
    envelope: Envelope,
    headers: Result<(), HeaderMismatch>,
}

impl Received {
    fn new(envelope: Envelope, headers: &HeaderMap) -> Self {
        let headers = envelope::check_headers(&envelope, headers);
        Self { envelope, headers }
    }
}

impl<H: Handler> Gate<H> {
    /// A gate in front of `dispatch`. There are two services behind it: one that opens sessions for verified
    /// callers of legacy revisions, and one that never does, so that nothing is allocated for anybody else.
    pub fn new(settings: GateSettings, dispatch: Arc<Dispatch<H>>, rmcp: StreamableHttpServerConfig) -> Self {
        let manager = settings.sessions.manager();
        let (shared, direct) = (Arc::clone(&dispatch), Arc::clone(&dispatch));
        let cut = rmcp.cancellation_token.clone();
        let with_sessions =
            StreamableHttpService::new(move || Ok(Arc::clone(&shared)), manager, rmcp.clone());
        let mut rmcp = rmcp.with_legacy_session_mode(false);
        rmcp.session_store = None;
        let stateless = StreamableHttpService::new(
            move || Ok(Arc::clone(&dispatch)),
            Arc::new(NeverSessionManager::default()),
            rmcp,
        );
        Self { settings, with_sessions, stateless, dispatch: direct, cut }
    }

    /// Steps 7 to 14 for one request to the MCP endpoint.
    pub async fn serve(State(gate): State<Arc<Self>>, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let presenter = gate.authenticate(&parts).await;
        if parts.method != Method::POST {
            return gate.serve_stream(parts, presenter).await;
        }
        match gate.read(&parts.headers, body, &presenter).await {
            Ok(received) => gate.serve_message(parts, received, presenter).await,
            Err((id, rejection)) => {
                let rejection = gate.outranked(rejection, presenter);
                gate.refuse(&id, None, None, rejection)
            }
        }
    }

    /// 7. Who presents it: the `Authorization` header and nothing else.
    async fn authenticate(&self, parts: &request::Parts) -> Presenter {
        let Some(authenticator) = &self.authenticator else {
            return Presenter::Known(Identity::Anonymous);
        };
        let credential = match Credential::read(&parts.headers, &parts.uri) {
            Ok(credential) => credential,
            Err(error) => return Presenter::Refused(Rejection::from(&AuthnError::from(error))),
        };
        match authenticator.authenticate(credential).await {
            Ok(identity) => Presenter::Known(identity),
            Err(error) => {
                tracing::debug!(%error, "a token was refused");
                Presenter::Refused(Rejection::from(&error))
            }
        }
    }

    /// 8. One strict, bounded reading of the body, whoever sent it.
    async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        presenter: &Presenter,
    ) -> Result<Received, (Value, Rejection)> {
        let verified = matches!(presenter, Presenter::Known(Identity::Known(_)));
        let trusted = self.authenticator.is_none() || verified;
        let limit =
            if trusted { self.limits.body } else { self.limits.body.min(self.limits.unverified_body) };
        let unread = |rejection| (Value::Null, rejection);
        if declared_length(headers).is_some_and(|length| length > self.limits.body as u64) {
            return Err(unread(Rejection::BodyTooLarge));
        }
        refuse_encoded(headers).map_err(|error| unread(Rejection::from(&error)))?;
        let bytes =
            read_body(body, limit, self.limits.body_timeout).await.map_err(|error| match Rejection::from(
                &error,
            ) {
                Rejection::BodyTooLarge if limit < self.limits.body => {
                    unread(Rejection::Unauthenticated { scopes: self.policy.base_scopes().clone() })
                }
                rejection => unread(rejection),
            })?;
        if verified {
            let alone = refuse_second_in_form(headers, &bytes);
            alone.map_err(|error| unread(Rejection::from(&AuthnError::from(error))))?;
        }
        let envelope = envelope::read(&bytes, self.limits.envelope)
            .map_err(|error| (id_value(error.id()), Rejection::from(&error)))?;
        Ok(Received::new(envelope, headers))
    }

    /// What an unreadable message is answered: 401 outranks what is wrong with it, save for 408 and 413.
    fn outranked(&self, rejection: Rejection, presenter: Presenter) -> Rejection {
        let scopes = self.policy.base_scopes().clone();
        match presenter {
            _ if rejection.outranks_401() => rejection,
            Presenter::Refused(refusal) => refusal.with_scopes(scopes),
            Presenter::Known(Identity::Anonymous) if rejection.yields_to_401(self.policy.connect()) => {
                Rejection::Unauthenticated { scopes }
            }
            Presenter::Known(_) => rejection,
        }
    }

    /// 9. The decision, then what rmcp answers.
    async fn serve_message(
        self: &Arc<Self>,
        parts: request::Parts,
        received: Received,
        presenter: Presenter,
    ) -> Response<Body> {
        let id = id_value(received.envelope.id.as_ref());
        let message = &received.envelope.message;
        if received.envelope.removed {
            let method = received.envelope.method.clone().unwrap_or_default();
            let gone = Rejection::UnknownMethod { method, era: Era::Stateless };
            let rejection = self.outranked(gone, presenter);
            return self.refuse(&id, Some(message), None, rejection);
        }
        let identity = match presenter {
            Presenter::Known(identity) => identity,
            Presenter::Refused(refusal) => {
                let rejection = refusal.with_scopes(self.policy.challenge_scopes(message));
                return self.refuse(&id, Some(message), None, rejection);
            }
        };
        let decision = self.policy.decide(message, &identity);
        if !matches!(decision, Err(Denied::Unauthenticated { .. }))
            && let Err(mismatch) = &received.headers
        {
            return self.refuse(
                &id,
                Some(message),
                Some(&identity),
                Rejection::HeaderMismatch(mismatch.clone()),
            );
        }
        let permit = match decision {
            Ok(permit) => permit,
            Err(denied) => {
                if let Some(answer) = self.tool_error(&id, &received, &denied) {
                    self.audit(Some(message), Some(&identity), Some(&denied));
                    return answer;
                }
                let rejection = Rejection::of(&denied, &received.envelope);
                return self.refuse(&id, Some(message), Some(&identity), rejection);
            }
        };
        if self.is_direct(&parts, &received, &permit) {
            self.audit(Some(&received.envelope.message), Some(permit.identity()), None);
            drop(parts); // and the credentials in it
            return self.answer_directly(received, permit).await;
        }
        self.forward(parts, received, permit, &id).await
    }

    /// `denial = "tool-error"`: a missing scope on `tools/call`, said where the model reads it.
    fn tool_error(&self, id: &Value, received: &Received, denied: &Denied) -> Option<Response<Body>> {
        let (true, Denied::InsufficientScope { .. }, Message::Tool { .. }) =
            (self.denial_as_tool_error, denied, &*received.envelope.message)
        else {
            return None;
        };
        let rejection = Rejection::from(denied);
        Some(rejection.respond_as_tool_error(id, received.envelope.era()))
    }

    /// Every refusal is audited and answered the same way.
    fn refuse(
        &self,
        id: &Value,
        message: Option<&Message>,
        identity: Option<&Identity>,
        rejection: Rejection,
    ) -> Response<Body> {
        self.audit(message, identity, Some(&rejection.message()));
        rejection.respond(id, &self.resource_metadata)
    }

    /// 14. Allowed and denied alike.
    fn audit(
        &self,
        message: Option<&Message>,
        identity: Option<&Identity>,
        refusal: Option<&dyn std::fmt::Display>,
    ) {
        if !Decision::is_recorded(refusal.is_none()) {
            return;
        }
        let needed =
            message.and_then(|message| self.policy.rule(message, identity.unwrap_or(&Identity::Anonymous)));
        Decision { message, identity, needed, refusal }.record();
    }
}

fn id_value(id: Option<&RequestIdValue>) -> Value {
    id.map_or(Value::Null, |id| id.clone().into_json_value())
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
