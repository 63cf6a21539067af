//! The gate over standard input and output: it pulls line after line, and walks 7 to 12 with each.

use std::io::{Read, Write};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use mcp_auth_core::ambient::Random;
use rmcp::ServerHandler;
use rmcp::model::{
    ClientJsonRpcMessage, ErrorCode, ErrorData, Extensions, GetExtensions as _, JsonRpcError,
    JsonRpcResponse, JsonRpcVersion2_0,
};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::gate::{Admitted, Gate};
use super::received::Received;
use super::speaker::Speaker;
use super::tool_errors::ToolErrors;
use crate::answer::{Rejection, Schemes};
use crate::authn::Identity;
use crate::envelope::{self, Envelope};
use crate::observe::placed::{Arrival, Placed};
use crate::observe::request_id::RequestId;
use crate::transport::stdio::{
    Connection, Lifecycle, Line, Lines, StdStreams, StdioError, StdioLimits, Writer,
};

/// Serves the process' own standard input and output until the input ends or `shutdown` is cancelled.
///
/// Takes the streams first ([`StdStreams::take`]): from then on a `println!` anywhere goes to stderr.
/// End of input, a client that no longer reads, and `shutdown` all end alike: no further line is read, calls in
/// flight finish within [`StdioLimits::drain`] or are cancelled, and this returns within 2 s.
/// A call that blocks its thread cannot be cancelled; then this still returns, and only leaving the process
/// ends the call.
///
/// # Errors
/// [`StdioError`]; a client that closes its streams is not an error.
pub(crate) async fn serve_stdio(
    service: impl ServerHandler,
    gate: Gate,
    speaker: Speaker,
    limits: StdioLimits,
    random: Arc<dyn Random>,
    shutdown: CancellationToken,
) -> Result<(), StdioError> {
    let StdStreams { input, output } = StdStreams::take().map_err(StdioError::Streams)?;
    let (gate, speaker) = (Arc::new(gate), Arc::new(speaker));
    let asked = Arc::clone(&gate);
    let who = move || {
        let (gate, speaker) = (Arc::clone(&asked), Arc::clone(&speaker));
        async move { speaker.authenticate(&gate).await }
    };
    serve_streams(service, Walk { gate, who, limits, random }, shutdown, input, output).await
}

/// The same on any pair of blocking streams.
async fn serve_streams<W, F>(
    service: impl ServerHandler,
    walk: Walk<W>,
    shutdown: CancellationToken,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<(), StdioError>
where
    W: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<Identity, Rejection>> + Send + 'static,
{
    let limits = walk.limits;
    let (lines, connection) = Connection::open(input, output, limits, shutdown)?;
    let (admitted, messages) = mpsc::channel(1);
    // Aborted when dropped, whichever way this function ends.
    let mut walking = JoinSet::new();
    walking.spawn(walk.run(lines, connection.writer(), Lifecycle::new(&service), admitted));
    connection.serve(service, messages).await
}

/// The way of each line.
struct Walk<W> {
    gate: Arc<Gate>,
    /// Who speaks, asked anew for each line.
    who: W,
    limits: StdioLimits,
    /// What the ids of messages are made of: nobody else gives them one.
    random: Arc<dyn Random>,
}

/// What a line that does not go on is answered, if anything.
type Answer = Option<Refused>;

/// A message that does not go on, answered.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Refused {
    /// By a JSON-RPC error.
    Error(JsonRpcError),
    /// By a result that the model reads.
    Result(JsonRpcResponse<Value>),
}

/// The answer to a message that may not go on, which the client is told so; `None` to one that is not answered. There is nobody to
/// log in at: the credential comes from the environment.
pub(crate) fn refused(
    rejection: &Rejection,
    envelope: &Envelope,
    tool_errors: ToolErrors,
) -> Option<Refused> {
    // Notifications and responses are never answered (JSON-RPC 2.0 §4.1).
    let id = envelope.id.clone()?;
    Some(match tool_errors.tell(rejection, envelope) {
        true => {
            let result = rejection.tool_error(envelope.era(), None, &Schemes::bearer_alone());
            Refused::Result(JsonRpcResponse { jsonrpc: JsonRpcVersion2_0, id, result })
        }
        false => Refused::Error(JsonRpcError::new(Some(id), rejection.error_data())),
    })
}

impl<W, F> Walk<W>
where
    W: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<Identity, Rejection>> + Send + 'static,
{
    /// Handles the lines in the order they came, until the input ends or rmcp no longer takes messages. While the gate
    /// waits for one line, the lines after it wait too.
    async fn run(
        self,
        mut lines: Lines,
        writer: Writer,
        mut lifecycle: Lifecycle,
        admitted: mpsc::Sender<ClientJsonRpcMessage>,
    ) {
        while let Some(line) = lines.next().await {
            let placed = Placed::new(RequestId::made(self.random.as_ref()));
            let reading = async {
                match line {
                    Line::Text(text) => self.message_in(&text, &placed).await,
                    Line::TooLong => Err(Some(Refused::Error(self.too_long(&placed).await))),
                }
            };
            let message = reading.instrument(placed.span().clone()).await;
            match message {
                Ok(message) if !lifecycle.admits(&message) => {
                    tracing::debug!("dropped a notification or response that came before the first request");
                }
                Ok(message) => {
                    if admitted.send(message).await.is_err() {
                        return;
                    }
                }
                Err(Some(answer)) => {
                    // When the client no longer reads, the writer tells the other tasks.
                    let _ = writer.write(&answer).await;
                }
                Err(None) => {}
            }
        }
    }

    /// The message in a line, for rmcp, with its permit.
    async fn message_in(&self, text: &Bytes, placed: &Placed) -> Result<ClientJsonRpcMessage, Answer> {
        let envelope = match envelope::read(text, self.limits.envelope) {
            Ok(envelope) => envelope,
            Err(error) => {
                let refused = self.unreadable(Rejection::from(&error), placed).await;
                let id = error.id().cloned();
                return Err(error.may_be_answered().then(|| Refused::Error(JsonRpcError::new(id, refused))));
            }
        };
        let Admitted { permit, rules, undecided, .. } = self.admit(&envelope, placed).await?;
        let mut message = serde_json::from_slice::<ClientJsonRpcMessage>(text).map_err(|error| {
            tracing::error!(%error, "rmcp cannot read a message that passed the strict reading");
            failed(&envelope, ErrorData::invalid_request("not an MCP message", None))
        })?;
        if let Some(extensions) = extensions_of(&mut message) {
            extensions.insert(permit);
            extensions.insert(rules);
            extensions.insert(placed.clone());
            if let Some(undecided) = undecided {
                extensions.insert(undecided);
            }
        }
        Ok(message)
    }

    async fn admit(&self, envelope: &Envelope, placed: &Placed) -> Result<Admitted, Answer> {
        let admitted = unless_it_panics(async {
            let who = (self.who)().await;
            let mut received = Received::new(envelope).arriving(arrival_of(placed));
            received.objection = envelope.unspeakable().map(Rejection::HeaderMismatch);
            self.gate.admit(&received, who).await
        });
        match admitted.await {
            Ok(admitted) => admitted
                .map_err(|rejection| refused(&self.gate.told(&rejection), envelope, self.gate.tool_errors())),
            Err(panicked) => Err(failed(envelope, panicked)),
        }
    }

    async fn unreadable(&self, fault: Rejection, placed: &Placed) -> ErrorData {
        let refused = unless_it_panics(async {
            let who = (self.who)().await;
            self.gate.unreadable(fault, who, arrival_of(placed))
        });
        refused.await.map_or_else(|panicked| panicked, |rejection| self.gate.told(&rejection).error_data())
    }

    async fn too_long(&self, placed: &Placed) -> JsonRpcError {
        let reason = format!("message is longer than {} bytes", self.limits.line_bytes);
        let fault = Rejection::BadMessage { code: ErrorCode::INVALID_REQUEST.0, reason };
        JsonRpcError::new(None, self.unreadable(fault, placed).await)
    }
}

/// The answer to a message that fails by a mistake of this library.
fn failed(envelope: &Envelope, error: ErrorData) -> Answer {
    envelope.id.clone().map(|id| Refused::Error(JsonRpcError::new(Some(id), error)))
}

/// Nothing says from where it comes.
fn arrival_of(placed: &Placed) -> Arrival {
    Arrival::of(Some(placed), None)
}

/// What the gate says; where it panics, the message is refused and the next one decided.
async fn unless_it_panics<T>(deciding: impl Future<Output = T>) -> Result<T, ErrorData> {
    AssertUnwindSafe(deciding).catch_unwind().await.map_err(|_panic| {
        tracing::error!("the gate panicked; the message is refused");
        ErrorData::internal_error("internal error", None)
    })
}

/// Where a message's handler looks for its permit; responses reach no handler.
fn extensions_of(message: &mut ClientJsonRpcMessage) -> Option<&mut Extensions> {
    match message {
        ClientJsonRpcMessage::Request(request) => Some(request.request.extensions_mut()),
        ClientJsonRpcMessage::Notification(notification) => Some(notification.notification.extensions_mut()),
        ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => None,
    }
}

#[cfg(test)]
mod tests;
