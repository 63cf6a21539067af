//! Step 11: what was allowed goes on to rmcp, without credentials: within its session (revisions before 2026-07-28), or
//! without one.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Response, StatusCode, request};
use http_body_util::Full;
use tracing::Instrument as _;

use super::gate::Admitted;
use super::holding::until_answered;
use super::http::{Endpoint, SESSION_ID};
use super::media::name_both;
use super::outage;
use super::session::Bound;
use super::tool_lists::completed;
use crate::answer::Rejection;
use crate::authn::Identity;
use crate::call::KeptByCall;
use crate::envelope::{Envelope, Message, MessageKind};
use crate::owned::{Crowded, SessionSlot, StreamEnd};
use mcp_auth_core::Era;

/// How long a session may take for a message that has no answer.
const SESSION_TAKES: Duration = Duration::from_secs(5);
const WEDGED: Crowded = Crowded::Server {
    key: "limits.caller_streams",
    what: "messages of a session whose streams are not read",
};

impl Endpoint {
    /// Hands rmcp the very bytes that were read, with the permit.
    pub(super) async fn forward(
        self: &Arc<Self>,
        mut parts: request::Parts,
        envelope: Envelope,
        admitted: Admitted,
    ) -> Response<Body> {
        let Admitted { permit, rules, bound, undecided, held, .. } = admitted;
        self.settings.tool_headers.strip(&mut parts);
        name_both(&mut parts.headers);
        if let Some(undecided) = undecided {
            parts.extensions.insert(undecided);
        }
        if !matches!(bound, Bound::Within(..)) {
            // rmcp would hand even an `initialize` to the session it names, also to another caller's.
            parts.headers.remove(SESSION_ID);
        }
        if let (Some(held), Bound::Within(..), Some(_)) = (&held, &bound, permit.declared()) {
            parts.extensions.insert(KeptByCall(Arc::clone(held) as _));
        }
        let identity = permit.identity().clone();
        let asked = match (&bound, envelope.id.clone()) {
            (Bound::Within(..), Some(id)) => session_of(&parts).map(|session| (session, id)),
            _ => None,
        };
        let lists_tools = matches!(permit.message(), Message::Other { method } if method == "tools/list");
        let ends_itself = matches!(permit.message(), Message::Listen { .. }); // with its result, in dispatch
        parts.extensions.insert(permit);
        parts.extensions.insert(rules);
        let request = Request::from_parts(parts, Full::new(envelope.bytes().clone()));
        let response = match bound {
            Bound::NoSession => {
                let mut response = self.stateless.handle(request).await.map(Body::new);
                if lists_tools {
                    response = completed(response).await;
                }
                match envelope.era() {
                    Era::Stateless => outage::told(response).await,
                    Era::Sessions => response,
                }
            }
            Bound::Opens(slot) => self.open_session(request, identity.clone(), slot).await,
            Bound::Within(slot, in_use) => {
                let is_counted = envelope.kind == MessageKind::Request;
                let response = self.in_session(request, is_counted).await;
                drop(slot); // a restored session is open by now
                until_answered(response, in_use)
            }
            Bound::Reads(..) | Bound::Ends(_) => {
                let response = self.in_session(request, false).await;
                drop(bound);
                response
            }
        };
        if ends_itself || !is_event_stream(&response) {
            return response;
        }
        let response = match asked {
            Some((session, id)) => self.cancelled_when_gone(response, session, id, held),
            None => response,
        };
        self.ending_with(&identity, response, std::future::pending())
    }

    /// What rmcp's session answers. Where its client reads none of its streams, its queue fills up and it takes no message any
    /// more: one that is not counted among those of its caller does not wait for it.
    async fn in_session(&self, request: Request<Full<Bytes>>, is_counted: bool) -> Response<Body> {
        let answered = self.with_sessions.handle(request);
        if is_counted {
            return answered.await.map(Body::new);
        }
        match tokio::time::timeout(SESSION_TAKES, answered).await {
            Ok(response) => response.map(Body::new),
            Err(_) => Rejection::from(WEDGED).respond_early(),
        }
    }

    /// `response`, whose body ends with the credential of `identity`, with the server, or with `cut`.
    pub(super) fn ending_with(
        &self,
        identity: &Identity,
        response: Response<Body>,
        cut: impl Future<Output = ()> + Send + 'static,
    ) -> Response<Body> {
        let end = StreamEnd::new(identity, &self.settings.clock, &self.cut);
        response.map(|body| {
            let end = Box::pin(async move {
                tokio::select! {
                    () = end.reached() => {}
                    () = cut => {}
                }
            });
            Body::from_stream(futures_util::StreamExt::take_until(body.into_data_stream(), end))
        })
    }

    /// Opens a session and binds it to its caller, in a separate task: otherwise a client that goes away meanwhile
    /// would leave behind a session that no caller can use and that takes a place until its idle timeout.
    async fn open_session(
        self: &Arc<Self>,
        request: Request<Full<Bytes>>,
        identity: Identity,
        slot: SessionSlot,
    ) -> Response<Body> {
        let endpoint = Arc::clone(self);
        let opening = async move {
            let response = endpoint.with_sessions.handle(request).await;
            if let Some(session) = response.headers().get(SESSION_ID).and_then(|v| v.to_str().ok()) {
                endpoint.settings.sessions.bind(session, &identity).await;
            }
            drop(slot);
            response.map(Body::new)
        };
        let opened = tokio::spawn(opening.in_current_span());
        opened.await.unwrap_or_else(|_panic| Rejection::Internal.respond_early())
    }

    /// The same for the stream of a session, or its end.
    pub(super) async fn forward_stream(
        &self,
        mut parts: request::Parts,
        admitted: Admitted,
    ) -> Response<Body> {
        let Admitted { permit, bound, place, .. } = admitted;
        let identity = permit.identity().clone();
        self.settings.tool_headers.strip(&mut parts);
        name_both(&mut parts.headers);
        parts.extensions.insert(permit);
        let request = Request::from_parts(parts, Full::new(Bytes::new()));
        let ends_a_session = request.method() == Method::DELETE;
        let mut response = match ends_a_session {
            true => self.in_session(request, false).await,
            false => self.with_sessions.handle(request).await.map(Body::new), // it has a place
        };
        if ends_a_session && response.status() == StatusCode::ACCEPTED {
            // It has ended by now. The Python SDK takes 200 and 204 for that, and complains about 202.
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
        // Where a slot was taken, the restored session is open by now.
        match bound {
            Bound::Reads(_, stream) => {
                until_answered(self.ending_with(&identity, response, stream.exceeded()), place)
            }
            Bound::NoSession | Bound::Opens(_) | Bound::Within(..) | Bound::Ends(_) => response,
        }
    }
}

fn session_of(parts: &request::Parts) -> Option<String> {
    parts.headers.get(SESSION_ID)?.to_str().ok().map(str::to_owned)
}

pub(super) fn is_event_stream(response: &Response<Body>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/event-stream"))
}
