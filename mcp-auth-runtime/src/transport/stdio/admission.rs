//! The desk every line passes: read, decided, answered or passed on.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use rmcp::model::{ClientJsonRpcMessage, ErrorData, Extensions, GetExtensions, JsonRpcError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::lifecycle::Lifecycle;
use super::lines::Line;
use super::writer::Writer;
use super::{JsonRpcRefusal, LineGate};
use crate::envelope::{self, EnvelopeLimits};

pub(super) struct Desk {
    pub(super) gate: Arc<dyn LineGate>,
    pub(super) limits: EnvelopeLimits,
    pub(super) line_bytes: usize,
    pub(super) writer: Writer,
    pub(super) lifecycle: Lifecycle,
}

impl Desk {
    /// Handles line after line, until there are none, nobody takes messages, or `shutdown` comes.
    pub(super) async fn run(
        mut self,
        mut lines: mpsc::Receiver<Line>,
        admitted: mpsc::Sender<ClientJsonRpcMessage>,
        shutdown: CancellationToken,
    ) {
        loop {
            let line = tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                line = lines.recv() => line,
            };
            let decided = match line {
                None => return,
                Some(Line::TooLong) => Err(Some(self.too_long())),
                Some(Line::Text(text)) if text.iter().all(u8::is_ascii_whitespace) => continue,
                Some(Line::Text(text)) => self.decide(text).await,
            };
            match decided {
                Ok(message) if !self.lifecycle.admits(&message) => {
                    tracing::debug!("dropped a notification or response that came before the first request");
                }
                Ok(message) => {
                    if admitted.send(message).await.is_err() {
                        return;
                    }
                }
                Err(Some(answer)) => {
                    // The writer tells everybody else when the client no longer reads.
                    let _ = self.writer.write(&answer).await;
                }
                Err(None) => {}
            }
        }
    }

    /// The message for rmcp, with what the gate granted; or the answer to a refusal, if it gets any.
    async fn decide(&self, text: Bytes) -> Result<ClientJsonRpcMessage, Option<JsonRpcError>> {
        let envelope = envelope::read(&text, self.limits).map_err(|error| {
            tracing::info!(%error, "refused a malformed message");
            error.may_be_answered().then(|| error.to_json_rpc())
        })?;
        let id = envelope.id.clone();
        // Notifications and responses are never answered (JSON-RPC 2.0 §4.1).
        let refuse = |error| id.clone().map(|id| JsonRpcError::new(Some(id), error));

        let gate = AssertUnwindSafe(async { self.gate.admit(envelope).await }).catch_unwind().await;
        let admission = match gate {
            Ok(Ok(admission)) => admission,
            Ok(Err(JsonRpcRefusal(error))) => {
                tracing::debug!(code = error.code.0, answered = id.is_some(), "refused a message");
                return Err(refuse(error));
            }
            Err(_panic) => {
                tracing::error!("the gate panicked; the message is refused");
                return Err(refuse(ErrorData::internal_error("internal error", None)));
            }
        };
        let mut message = serde_json::from_slice::<ClientJsonRpcMessage>(&text).map_err(|error| {
            tracing::error!(%error, "rmcp cannot read a message that passed the strict reading");
            refuse(ErrorData::invalid_request("not an MCP message", None))
        })?;
        if let Some(extensions) = extensions_of(&mut message) {
            admission(extensions);
        }
        Ok(message)
    }

    fn too_long(&self) -> JsonRpcError {
        let message = format!("message is longer than {} bytes", self.line_bytes);
        JsonRpcError::new(None, ErrorData::invalid_request(message, None))
    }
}

/// Where a message's handler looks for what the gate granted; responses reach no handler.
fn extensions_of(message: &mut ClientJsonRpcMessage) -> Option<&mut Extensions> {
    match message {
        ClientJsonRpcMessage::Request(request) => Some(request.request.extensions_mut()),
        ClientJsonRpcMessage::Notification(notification) => Some(notification.notification.extensions_mut()),
        ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => None,
    }
}
