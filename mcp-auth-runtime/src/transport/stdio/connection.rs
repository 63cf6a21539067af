//! One connection: the threads that read and write, rmcp's end of it, and how it ends.

use std::io::{self, Read, Write};
use std::time::Duration;

use rmcp::model::ClientJsonRpcMessage;
use rmcp::service::{
    QuitReason, RxJsonRpcMessage, ServerInitializeError, TxJsonRpcMessage, serve_server_with_ct,
};
use rmcp::transport::Transport;
use rmcp::{RoleServer, ServerHandler};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::StdioError;
use super::lines::Lines;
use super::writer::Writer;
use super::{lines, writer};
use crate::envelope::EnvelopeLimits;

/// What is left, after in-flight calls were cancelled, for their last answers: with [`StdioLimits::drain`] at
/// most 2 s, so that end of input means exit within 2 s.
const AFTER_CANCEL: Duration = Duration::from_millis(400);

/// What one connection may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StdioLimits {
    /// The longest line, in bytes without its line break: at least 1; that of a body over HTTP.
    pub(crate) line_bytes: usize,
    /// What a line may contain.
    pub(crate) envelope: EnvelopeLimits,
    /// How long calls in flight may finish once the input ended, before they are cancelled: up to 1.5 s.
    pub(crate) drain: Duration,
}

/// How long calls in flight may finish once the input ended.
pub(crate) const DRAIN: Duration = Duration::from_secs(1);

/// For tests: the server's are the configured ones.
#[cfg(test)]
impl Default for StdioLimits {
    fn default() -> Self {
        Self { line_bytes: 4 * 1024 * 1024, envelope: EnvelopeLimits::default(), drain: DRAIN }
    }
}

/// One connection, its reading and writing threads running.
pub(crate) struct Connection {
    writer: Writer,
    /// Cancelled when the input ended, or the client no longer reads.
    hung_up: CancellationToken,
    shutdown: CancellationToken,
    drain: Duration,
}

impl Connection {
    /// Starts reading and writing, on any pair of blocking streams.
    ///
    /// # Errors
    /// [`StdioError::Thread`] when the operating system gives no thread.
    pub(crate) fn open(
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
        limits: StdioLimits,
        shutdown: CancellationToken,
    ) -> Result<(Lines, Self), StdioError> {
        let hung_up = CancellationToken::new();
        let writer = writer::start(output, hung_up.clone())?;
        let lines = lines::start(input, limits.line_bytes, hung_up.clone(), shutdown.clone())?;
        Ok((lines, Self { writer, hung_up, shutdown, drain: limits.drain }))
    }

    /// Where answers are written.
    pub(crate) fn writer(&self) -> Writer {
        self.writer.clone()
    }

    /// Has rmcp serve `messages` until there are none; or until the client hung up or the shutdown came, and calls in
    /// flight had their time.
    ///
    /// # Errors
    /// [`StdioError`]; a client that closes its streams is not an error.
    pub(crate) async fn serve(
        self,
        service: impl ServerHandler,
        messages: mpsc::Receiver<ClientJsonRpcMessage>,
    ) -> Result<(), StdioError> {
        let Self { writer, hung_up, shutdown, drain } = self;
        let cancel_calls = CancellationToken::new();
        let transport = LineTransport { messages, writer };
        tokio::select! {
            served = serve(service, transport, cancel_calls.clone()) => served,
            () = wind_down(hung_up, shutdown, drain, cancel_calls) => Ok(()),
        }
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
    writer: Writer,
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
