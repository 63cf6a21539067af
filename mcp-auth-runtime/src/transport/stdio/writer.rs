//! The one writer: each message one line, flushed before the next.

use std::io::{self, Write};

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::error::StdioError;

/// How many messages wait for the writing thread.
const QUEUED: usize = 64;

struct Job {
    line: Vec<u8>,
    done: oneshot::Sender<io::Result<()>>,
}

/// A handle on the writing thread; the thread ends with the last of them.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// Writes one message, and waits until it is out.
    ///
    /// # Errors
    /// When the client no longer reads.
    pub(crate) async fn write(&self, message: &impl Serialize) -> io::Result<()> {
        // serde_json escapes every line break inside strings, and writes none outside of them.
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let (done, written) = oneshot::channel();
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.send(Job { line, done }).await.map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }
}

/// Starts the writing thread; it cancels `hung_up` when the output fails.
///
/// # Errors
/// [`StdioError::Thread`] when the operating system gives no thread.
pub(super) fn start(
    mut output: impl Write + Send + 'static,
    hung_up: CancellationToken,
) -> Result<Writer, StdioError> {
    let (sender, mut jobs) = mpsc::channel::<Job>(QUEUED);
    let write = move || {
        while let Some(Job { line, done }) = jobs.blocking_recv() {
            let written = output.write_all(&line).and_then(|()| output.flush());
            let failed = written.is_err();
            // The receiver is gone if the call was abandoned.
            let _ = done.send(written);
            if failed {
                tracing::info!("the client no longer reads standard output");
                hung_up.cancel();
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("mcp-stdout".to_owned())
        .spawn(write)
        .map_err(|cause| StdioError::Thread { thread: "stdout", cause })?;
    Ok(Writer(sender))
}
