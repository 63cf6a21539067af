//! A client of a session (before 2026-07-28) that went away in the middle of an answer. It may come back for the rest of it;
//! if it does not, its call is cancelled, as that of a client without a session is at once.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::Response;
use rmcp::model::{
    CancelledNotification, CancelledNotificationParam, ClientJsonRpcMessage, ClientNotification, RequestId,
};
use rmcp::transport::streamable_http_server::session::SessionManager as _;

use super::holding::Held;
use super::http::Endpoint;

/// How many seconds a client has to read a stream of its session again (`Last-Event-ID`), each time it goes away. rmcp tells
/// clients to come back after 3 seconds (`retry:`), and the official SDKs do so after 1.
const COMES_BACK_WITHIN: u32 = 6;
/// What that is counted in: how often it is looked whether the client reads.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

impl Endpoint {
    /// `response`, an event stream that answers the request `id` of `session`. Where it is dropped before its end, and no
    /// stream of the session is read soon after or still, the request is cancelled. Its call has ended when nothing keeps what
    /// it `held`.
    pub(super) fn cancelled_when_gone(
        self: &Arc<Self>,
        response: Response<Body>,
        session: String,
        id: RequestId,
        held: Option<Arc<Held>>,
    ) -> Response<Body> {
        let endpoint = Arc::clone(self);
        let held = held.as_ref().map(Arc::downgrade).unwrap_or_default();
        let on_gone = move || {
            let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
            runtime.spawn(async move {
                let mut before = endpoint.settings.sessions.reads(&session);
                let mut away = 0;
                while away < COMES_BACK_WITHIN {
                    tokio::time::sleep(LOOKS_EVERY).await;
                    if held.strong_count() == 0 {
                        return; // the call has ended
                    }
                    let reads = endpoint.settings.sessions.reads(&session);
                    let is_back = reads.is_read || reads.times != before.times;
                    away = if is_back { 0 } else { away + 1 };
                    before = reads;
                }
                endpoint.cancel(&session, id).await;
            });
        };
        let on_gone: OnGone = Box::new(on_gone);
        response
            .map(|body| Body::from_stream(Watched { body: body.into_data_stream(), on_gone: Some(on_gone) }))
    }

    async fn cancel(&self, session: &str, id: RequestId) {
        let params = CancelledNotificationParam::new(Some(id), Some("the client went away".to_owned()));
        let cancelled = ClientNotification::CancelledNotification(CancelledNotification::new(params));
        let manager = self.settings.sessions.manager();
        let accepted =
            manager.accept_message(&session.into(), ClientJsonRpcMessage::notification(cancelled)).await;
        if let Err(error) = accepted {
            tracing::debug!(%error, "a call of a session that ended was not cancelled");
        }
    }
}

type OnGone = Box<dyn FnOnce() + Send + Sync>;

/// A body that says when it is dropped before its end.
struct Watched {
    body: BodyDataStream,
    on_gone: Option<OnGone>,
}

impl Stream for Watched {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.body.poll_next_unpin(context);
        if let Poll::Ready(None) = polled {
            self.on_gone = None;
        }
        polled
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(on_gone) = self.on_gone.take() {
            on_gone();
        }
    }
}
