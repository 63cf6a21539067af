//! Why serving standard input and output ended other than by the end of its input.

use std::io;

use rmcp::service::ServerInitializeError;

/// Why serving ended other than by the end of its input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StdioError {
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
    /// The task that runs rmcp's loop panicked or was cancelled.
    #[error("the connection broke")]
    Loop(#[source] tokio::task::JoinError),
}
