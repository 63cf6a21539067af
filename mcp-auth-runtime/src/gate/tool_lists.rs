//! On the way back from rmcp: what a list of tools says that rmcp's `Tool` has no field for. What comes of a session is completed
//! before the session keeps it, so that a stream that is resumed says the same; any other answer, where it is JSON.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use futures_util::Stream;
use http::Response;
use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::streamable_http_server::session::{
    EventStore, RestoreOutcome, ServerSseMessage, SessionId, SessionManager,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::forward::is_event_stream;
use crate::answer::Rejection;
use crate::dispatch::{lift_schemes, with_schemes};

/// An answer as rmcp writes it.
#[derive(Deserialize, Serialize)]
struct Answered {
    jsonrpc: Value,
    id: Value,
    result: Value,
}

/// `response` to `tools/list` outside of a session, completed. An error stays what it is.
pub(super) async fn completed(response: Response<Body>) -> Response<Body> {
    if is_event_stream(&response) {
        return response; // not of a request that nothing is said to meanwhile
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Rejection::Internal.respond_early();
    };
    let Ok(mut answered) = serde_json::from_slice::<Answered>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    lift_schemes(&mut answered.result);
    match serde_json::to_vec(&answered) {
        Ok(written) => {
            parts.headers.remove(http::header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(written))
        }
        Err(_) => Rejection::Internal.respond_early(),
    }
}

/// The sessions of `M`, whose answers are completed.
pub(super) struct CompletingSessions<M>(pub(super) Arc<M>);

impl<M: SessionManager> SessionManager for CompletingSessions<M> {
    type Error = M::Error;
    type Transport = Completing<M::Transport>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        self.0.create_session().await.map(|(id, transport)| (id, Completing(transport)))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.0.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.0.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.0.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.0.create_stream(id, message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        self.0.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.0.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.0.resume(id, last_event_id).await
    }

    async fn restore_session(&self, id: SessionId) -> Result<RestoreOutcome<Self::Transport>, Self::Error> {
        Ok(match self.0.restore_session(id).await? {
            RestoreOutcome::Restored(transport) => RestoreOutcome::Restored(Completing(transport)),
            RestoreOutcome::AlreadyPresent => RestoreOutcome::AlreadyPresent,
            _ => RestoreOutcome::NotSupported,
        })
    }

    fn event_store(&self) -> Option<Arc<dyn EventStore>> {
        self.0.event_store()
    }
}

/// A transport that completes what is sent by it.
pub(super) struct Completing<T>(T);

impl<T: Transport<RoleServer>> Transport<RoleServer> for Completing<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.0.send(match message {
            ServerJsonRpcMessage::Response(mut answered) => {
                answered.result = with_schemes(answered.result);
                ServerJsonRpcMessage::Response(answered)
            }
            other => other,
        })
    }

    fn receive(&mut self) -> impl Future<Output = Option<RxJsonRpcMessage<RoleServer>>> + Send {
        self.0.receive()
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.0.close()
    }
}
