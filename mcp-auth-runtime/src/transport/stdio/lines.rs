//! Input cut into lines, none longer than the limit.

use std::io::{ErrorKind, Read};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::StdioError;

/// How many lines are read ahead of the gate.
const LINES_AHEAD: usize = 16;

/// One line of input, without its line break.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A whole line. The last one may lack a line break: half a JSON object is not JSON.
    Text(Bytes),
    /// A line longer than the limit; its bytes are gone.
    TooLong,
}

/// The lines, in the order they came.
pub(crate) struct Lines {
    lines: mpsc::Receiver<Line>,
    shutdown: CancellationToken,
}

impl Lines {
    /// The next line that is not blank; `None` at the end of the input, and as soon as the shutdown comes.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        loop {
            let line = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return None,
                line = self.lines.recv() => line?,
            };
            match line {
                Line::Text(text) if text.iter().all(u8::is_ascii_whitespace) => {}
                line => return Some(line),
            }
        }
    }
}

/// Starts the thread that reads `input` to its end, and then cancels `hung_up`.
///
/// # Errors
/// [`StdioError::Thread`] when the operating system gives no thread.
pub(super) fn start(
    input: impl Read + Send + 'static,
    limit: usize,
    hung_up: CancellationToken,
    shutdown: CancellationToken,
) -> Result<Lines, StdioError> {
    let (line_in, lines) = mpsc::channel(LINES_AHEAD);
    let read = move || {
        read_lines(input, limit, |line| line_in.blocking_send(line).is_ok());
        drop(line_in);
        hung_up.cancel();
    };
    std::thread::Builder::new()
        .name("mcp-stdin".to_owned())
        .spawn(read)
        .map(|_thread| Lines { lines, shutdown })
        .map_err(|cause| StdioError::Thread { thread: "stdin", cause })
}

/// Reads until the input ends or `deliver` wants no more.
fn read_lines(mut input: impl Read, limit: usize, mut deliver: impl FnMut(Line) -> bool) {
    let mut splitter = Splitter { limit, line: Vec::new(), too_long: false };
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                tracing::error!(%error, "standard input broke");
                break;
            }
        };
        let mut rest = &chunk[..read];
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            splitter.extend(&rest[..end]);
            if !deliver(splitter.take()) {
                return;
            }
            rest = &rest[end + 1..];
        }
        splitter.extend(rest);
    }
    if splitter.too_long || !splitter.line.is_empty() {
        deliver(splitter.take());
    }
}

/// The line that is being read.
struct Splitter {
    limit: usize,
    line: Vec<u8>,
    too_long: bool,
}

impl Splitter {
    /// Holds one byte more than the limit, for the `\r` of a `\r\n`.
    fn extend(&mut self, bytes: &[u8]) {
        if self.too_long || bytes.len() > (self.limit + 1).saturating_sub(self.line.len()) {
            self.too_long = true;
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn take(&mut self) -> Line {
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if std::mem::take(&mut self.too_long) || line.len() > self.limit {
            return Line::TooLong;
        }
        Line::Text(Bytes::from(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of one size.
    struct Pieces<'b>(&'b [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let size = self.1.min(self.0.len()).min(buffer.len());
            buffer[..size].copy_from_slice(&self.0[..size]);
            self.0 = &self.0[size..];
            Ok(size)
        }
    }

    fn lines_of(input: &str, limit: usize) -> Vec<Line> {
        let read = |size| {
            let mut lines = Vec::new();
            read_lines(Pieces(input.as_bytes(), size), limit, |line| {
                lines.push(line);
                true
            });
            lines
        };
        let whole = read(usize::MAX);
        for size in 1..6 {
            assert_eq!(read(size), whole, "read {size} bytes at a time");
        }
        whole
    }

    fn text(line: &'static str) -> Line {
        Line::Text(Bytes::from_static(line.as_bytes()))
    }

    #[test]
    fn lines_end_at_their_break_however_the_bytes_arrive() {
        assert_eq!(lines_of("one\ntwo\r\n\nlast", 10), [text("one"), text("two"), text(""), text("last")]);
        assert_eq!(lines_of("one\n", 10), [text("one")]);
        assert_eq!(lines_of("", 10), []);
        assert_eq!(lines_of("a\rb\r\r\n", 10), [text("a\rb\r")]);
    }

    #[test]
    fn a_line_at_the_limit_passes_and_one_byte_more_does_not() {
        assert_eq!(lines_of("12345\n12345\r\n12345", 5), [text("12345"), text("12345"), text("12345")]);
        assert_eq!(lines_of("123456\nok\n", 5), [Line::TooLong, text("ok")]);
        assert_eq!(lines_of("123456\r\nok\n", 5), [Line::TooLong, text("ok")]);
        assert_eq!(lines_of("12345678901234567890\nok", 5), [Line::TooLong, text("ok")]);
        assert_eq!(lines_of("1234567", 5), [Line::TooLong]);
    }

    #[test]
    fn an_endless_line_takes_no_more_memory_than_the_limit() {
        let mut splitter = Splitter { limit: 1000, line: Vec::new(), too_long: false };
        for _ in 0..10_000 {
            splitter.extend(&[b'x'; 100]);
            assert!(splitter.line.capacity() <= 2048);
        }
        assert_eq!(splitter.take(), Line::TooLong);
    }

    #[test]
    fn reading_stops_when_no_more_lines_are_wanted() {
        let mut lines = 0;
        read_lines(std::io::repeat(b'\n'), 10, |_| {
            lines += 1;
            lines < 3
        });
        assert_eq!(lines, 3);
    }
}
