//! Where a test's log goes, to be read again.

use std::io;
use std::sync::{Arc, Mutex};

/// What was written, by all of its clones together.
#[derive(Clone, Default)]
pub(crate) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `run` logs, as text.
pub(crate) fn logged(run: impl FnOnce()) -> String {
    logged_at("info", run)
}

/// What `run` logs, as text, where the log lets these directives through.
pub(crate) fn logged_at(directives: &str, run: impl FnOnce()) -> String {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let log = tracing_subscriber::fmt()
        .with_env_filter(directives)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(log, run);
    buffer.text()
}
