//! What was allowed goes on to rmcp: within its session (revisions before 2026-07-28), or without one.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::{Method, Response, StatusCode, request};
use http_body_util::Full;
use mcp_auth_core::Era;
use serde_json::Value;

use super::credentials::strip_credentials;
use super::{Gate, Presenter, Received};
use crate::authn::Identity;
use crate::authz::Permit;
use crate::declared::handler::Handler;
use crate::envelope::Message;
use crate::rejection::Rejection;
use crate::session::Room;
use crate::transport::refusal::Refusal;

impl<H: Handler> Gate<H> {
    /// 11. and 12. The session it belongs to, then rmcp with the permit and without credentials.
    pub(super) async fn forward(
        self: &Arc<Self>,
        mut parts: request::Parts,
        received: Received,
        permit: Permit,
        id: &Value,
    ) -> Response<Body> {
        let identity = permit.identity().clone();
        let initializes = matches!(*received.envelope.message, Message::Initialize { .. });
        // A notification may leave its revision to the header; `initialize` is of the old era whatever it names.
        let legacy = received.envelope.era() == Era::Sessions && (initializes || is_legacy(&parts));
        let opens = legacy && initializes;
        let session = parts.headers.get("mcp-session-id").filter(|_| legacy && !opens);
        let may_hold_sessions = self.authenticator.is_none() || !identity.is_anonymous();
        let refuse =
            |rejection| self.refuse(id, Some(&received.envelope.message), Some(&identity), rejection);
        let room = match session {
            Some(session) => match self.enter_session(session, &identity).await {
                Ok(room) => room,
                Err(rejection) => return refuse(rejection),
            },
            None if opens && may_hold_sessions => match self.sessions.room_for(&identity).await {
                Some(room) => Some(room),
                None => return refuse(Rejection::TooManySessions),
            },
            None => None,
        };
        let in_session = session.is_some() || room.is_some();
        self.audit(Some(&received.envelope.message), Some(&identity), None);
        strip_credentials(&mut parts);
        if opens || !in_session {
            // rmcp would hand even an `initialize` to the session it names, whoever's that is.
            parts.headers.remove("mcp-session-id");
        }
        parts.extensions.insert(permit);
        let request = Request::from_parts(parts, Full::new(received.envelope.bytes().clone()));
        if !in_session {
            return self.stateless.handle(request).await.map(Body::new);
        }
        match room {
            Some(room) if opens => self.open_session(request, identity, room).await,
            room => {
                let response = self.with_sessions.handle(request).await;
                drop(room); // a restored session is open by now
                response.map(Body::new)
            }
        }
    }

    /// Opens a session and binds it to its caller, in a task of its own: a client that goes away meanwhile would
    /// leave behind a session that nobody can use and that takes a place until it is idle for too long.
    async fn open_session(
        self: &Arc<Self>,
        request: Request<Full<Bytes>>,
        identity: Identity,
        room: Room,
    ) -> Response<Body> {
        let gate = Arc::clone(self);
        let opened = tokio::spawn(async move {
            let response = gate.with_sessions.handle(request).await;
            if let Some(session) = response.headers().get("mcp-session-id").and_then(|v| v.to_str().ok()) {
                gate.sessions.bind(session, &identity).await;
            }
            drop(room);
            response.map(Body::new)
        });
        opened.await.unwrap_or_else(|_panic| {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
        })
    }

    /// GET and DELETE of legacy sessions; every other method is refused, after authentication.
    pub(super) async fn serve_stream(
        &self,
        mut parts: request::Parts,
        presenter: Presenter,
    ) -> Response<Body> {
        let message = Arc::new(Message::HttpMethod { method: parts.method.to_string() });
        let id = Value::Null;
        let identity = match presenter {
            Presenter::Known(identity) => identity,
            Presenter::Refused(refusal) => {
                let rejection = refusal.with_scopes(self.policy.base_scopes().clone());
                return self.refuse(&id, Some(&message), None, rejection);
            }
        };
        let permit = match self.policy.decide(&message, &identity) {
            Ok(permit) => permit,
            Err(denied) => {
                return self.refuse(&id, Some(&message), Some(&identity), Rejection::from(&denied));
            }
        };
        let streams = matches!(parts.method, Method::GET | Method::DELETE);
        let Some(session) = parts.headers.get("mcp-session-id").filter(|_| streams && is_legacy(&parts))
        else {
            let rejection = Rejection::MethodNotAllowed { allow: "POST" };
            return self.refuse(&id, Some(&message), Some(&identity), rejection);
        };
        let room = match self.enter_session(session, &identity).await {
            Ok(room) => room,
            // To end a session takes no room.
            Err(Rejection::TooManySessions) if parts.method == Method::DELETE => None,
            Err(rejection) => return self.refuse(&id, Some(&message), Some(&identity), rejection),
        };
        self.audit(Some(&message), Some(&identity), None);
        strip_credentials(&mut parts);
        parts.extensions.insert(permit);
        let request = Request::from_parts(parts, Full::new(Bytes::new()));
        let response = self.with_sessions.handle(request).await.map(Body::new);
        drop(room);
        self.end_at_expiry(response, identity.expires_at())
    }

    /// Makes sure that the session is `identity`'s own, and that there is room for it if it comes from the
    /// store.
    async fn enter_session(
        &self,
        session: &http::HeaderValue,
        identity: &Identity,
    ) -> Result<Option<Room>, Rejection> {
        let session = session.to_str().map_err(|_| Rejection::UnknownSession)?;
        if !self.sessions.belongs_to(session, identity).await {
            return Err(Rejection::UnknownSession);
        }
        if self.sessions.is_open(session).await {
            return Ok(None);
        }
        self.sessions.room_for(identity).await.map(Some).ok_or(Rejection::TooManySessions)
    }

    /// Closes a stream when the token that opened it expires.
    fn end_at_expiry(&self, response: Response<Body>, expires_at: Option<u64>) -> Response<Body> {
        let Some(at) = expires_at else { return response };
        let left = Duration::from_secs(at.saturating_sub(self.clock.unix_now()));
        response.map(|body| {
            let expired = Box::pin(tokio::time::sleep(left));
            Body::from_stream(futures_util::StreamExt::take_until(body.into_data_stream(), expired))
        })
    }
}

/// Whether the headers speak for a revision that has sessions.
fn is_legacy(parts: &request::Parts) -> bool {
    Era::of(parts.headers.get("mcp-protocol-version")) == Era::Sessions
}
