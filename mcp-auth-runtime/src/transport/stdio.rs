//! MCP over standard input and output: one message per line, each decided before rmcp sees it.
//!
//! In the order a line travels: `streams` takes the two descriptors from the process, so that nothing else
//! writes to the client; `lines` cuts the input into bounded lines on a thread of its own (a read of stdin
//! cannot be cancelled, and a runtime that owns one hangs when it shuts down); `admission` reads each line
//! with [`envelope::read`](crate::envelope::read), asks the [`LineGate`], answers refusals, and passes the
//! rest on with the gate's permit in its extensions; `lifecycle` keeps back what rmcp would end the
//! connection over; `writer` is the only one that writes.

mod admission;
mod lifecycle;
mod lines;
mod streams;
mod writer;

#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rmcp::model::{ClientJsonRpcMessage, ErrorData, Extensions};
use rmcp::service::{
    QuitReason, RxJsonRpcMessage, ServerInitializeError, TxJsonRpcMessage, serve_server_with_ct,
};
use rmcp::transport::Transport;
use rmcp::{RoleServer, ServerHandler};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::envelope::{Envelope, EnvelopeLimits};

pub use streams::StdStreams;

/// How many lines are read ahead of the gate.
const LINES_AHEAD: usize = 16;

/// What is left, after in-flight calls were cancelled, for their last answers: with [`StdioLimits::drain`] at
/// most 2 s, so that end of input means exit within 2 s.
const AFTER_CANCEL: Duration = Duration::from_millis(400);

/// Decides each message before rmcp sees it.
pub trait LineGate: Send + Sync {
    /// Admits one message, or refuses it.
    ///
    /// Called for one line at a time, in the order they came; a gate that waits holds up the lines behind it.
    /// A gate that panics refuses with -32603.
    ///
    /// # Errors
    /// [`JsonRpcRefusal`], which the transport writes for a request, and only logs for a notification or a
    /// response.
    fn admit(&self, envelope: Envelope) -> BoxFuture<'_, Result<Admission, JsonRpcRefusal>>;
}

/// Puts what the gate granted into the extensions of the message, where its handler finds it again.
pub type Admission = Box<dyn FnOnce(&mut Extensions) + Send>;

/// The JSON-RPC error a refused request is answered with; the transport adds the id.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonRpcRefusal(pub ErrorData);

/// What one connection may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StdioLimits {
    /// The longest line, in bytes without its line break: at least 1. **(default: 4 MiB)**, as over HTTP.
    pub line_bytes: usize,
    /// What a line may contain.
    pub envelope: EnvelopeLimits,
    /// How long calls in flight may finish once the input ended, before they are cancelled: up to 1.5 s.
    /// **(default: 1 s)**
    pub drain: Duration,
}

impl Default for StdioLimits {
    fn default() -> Self {
        Self {
            line_bytes: 4 * 1024 * 1024,
            envelope: EnvelopeLimits::default(),
            drain: Duration::from_secs(1),
        }
    }
}

/// Why serving ended other than by the end of its input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StdioError {
    /// The process' standard streams could not be taken over.
    #[error("cannot take over standard input and output")]
    Streams(#[source] io::Error),
    /// A thread could not be started.
    #[error("cannot start the {thread} thread")]
    Thread {
        /// `stdin` or `stdout`.
        thread: &'static str,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// rmcp gave the connection up before it began.
    #[error("the connection failed to open")]
    Open(#[source] Box<ServerInitializeError>),
    /// rmcp's loop broke.
    #[error("the connection broke")]
    Loop(#[source] tokio::task::JoinError),
}

/// Serves the process' own standard input and output until the input ends or `shutdown` is cancelled.
///
/// Takes the streams first ([`StdStreams::take`]): from then on a `println!` anywhere goes to stderr.
/// End of input, a client that no longer reads, and `shutdown` all end alike: no further line is read, calls in
/// flight finish within [`StdioLimits::drain`] or are cancelled, and this returns within 2 s.
/// A call that blocks its thread cannot be cancelled; then this still returns, and only leaving the process
/// ends the call.
///
/// # Errors
/// [`StdioError`]; a client that hangs up is none.
pub async fn serve_stdio(
    service: impl ServerHandler,
    gate: Arc<dyn LineGate>,
    limits: StdioLimits,
    shutdown: CancellationToken,
) -> Result<(), StdioError> {
    let StdStreams { input, output } = StdStreams::take().map_err(StdioError::Streams)?;
    serve_streams(service, gate, limits, shutdown, input, output).await
}

/// [`serve_stdio`] on any pair of blocking streams.
///
/// # Errors
/// As [`serve_stdio`].
pub async fn serve_streams(
    service: impl ServerHandler,
    gate: Arc<dyn LineGate>,
    limits: StdioLimits,
    shutdown: CancellationToken,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<(), StdioError> {
    let hung_up = CancellationToken::new();
    let (line_in, lines) = mpsc::channel(LINES_AHEAD);
    let writer = writer::start(output, hung_up.clone())?;
    lines::start(input, limits.line_bytes, line_in, hung_up.clone())?;

    let (admitted, messages) = mpsc::channel(1);
    let lifecycle = lifecycle::Lifecycle::new(&service);
    let desk =
        admission::Desk { gate, limits: limits.envelope, line_bytes: limits.line_bytes, writer, lifecycle };
    let transport = LineTransport { messages, writer: desk.writer.clone() };
    // Aborted when dropped, whichever way this function ends.
    let mut desk_task = tokio::task::JoinSet::new();
    desk_task.spawn(desk.run(lines, admitted, shutdown.clone()));

    let cancel_calls = CancellationToken::new();
    tokio::select! {
        served = serve(service, transport, cancel_calls.clone()) => served,
        () = wind_down(hung_up, shutdown, limits.drain, cancel_calls) => Ok(()),
    }
}

async fn serve(
    service: impl ServerHandler,
    transport: LineTransport,
    cancel_calls: CancellationToken,
) -> Result<(), StdioError> {
    match serve_server_with_ct(service, transport, cancel_calls).await {
        Ok(running) => match running.waiting().await {
            Ok(QuitReason::JoinError(cause)) | Err(cause) => Err(StdioError::Loop(cause)),
            Ok(_) => Ok(()),
        },
        // The client hung up, we were told to stop, or the client no longer reads: all are ends, none an error.
        Err(
            ServerInitializeError::ConnectionClosed(_)
            | ServerInitializeError::Cancelled
            | ServerInitializeError::TransportError { .. },
        ) => Ok(()),
        Err(cause) => Err(StdioError::Open(Box::new(cause))),
    }
}

/// Once the end has come: lets calls finish, then cancels them, then gives up waiting.
async fn wind_down(
    hung_up: CancellationToken,
    shutdown: CancellationToken,
    drain: Duration,
    cancel_calls: CancellationToken,
) {
    tokio::select! {
        () = hung_up.cancelled() => {}
        () = shutdown.cancelled() => {}
    }
    tokio::time::sleep(drain).await;
    cancel_calls.cancel();
    tokio::time::sleep(AFTER_CANCEL).await;
    tracing::warn!("calls in flight did not end in time");
}

/// rmcp's end of the connection: admitted messages in, its answers out.
struct LineTransport {
    messages: mpsc::Receiver<ClientJsonRpcMessage>,
    writer: writer::Writer,
}

impl Transport<RoleServer> for LineTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let writer = self.writer.clone();
        async move { writer.write(&item).await }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
