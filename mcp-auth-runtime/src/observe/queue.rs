//! The log's lines on their way to standard error: a bounded queue, and one thread that writes. Code that logs never
//! waits, so a standard error that nothing reads stops the log and not the server.

use std::io::{self, ErrorKind};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// The most bytes that wait to be written. As many may be on their way out.
pub(super) const MOST_BYTES: usize = 1024 * 1024;

/// How long the thread waits for more after the first line, so that it is woken, and writes, 200 times a second at most.
const GATHER: Duration = Duration::from_millis(5);

/// Where lines wait. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    done: Condvar,
}

/// Numbers count lines since the start.
#[derive(Debug, Default)]
struct State {
    /// Whole lines, one after the other.
    waiting: Vec<u8>,
    /// Lines that found room.
    accepted: u64,
    /// How many of those the thread is done with: it wrote them, or they were lost.
    done: u64,
    /// Lines that were lost: they found no room, or standard error refused them.
    dropped: u64,
    /// How many of those the thread knows of: it has told, or failed to.
    known: u64,
    /// Whether the thread sleeps until something happens: only then it has to be woken.
    is_idle: bool,
    /// Whether the process is about to end.
    is_closed: bool,
}

impl Queue {
    /// Puts a whole line at the end, or drops it where there is no room.
    fn push(&self, line: &[u8]) {
        let mut state = self.0.state();
        if state.waiting.len() + line.len() > MOST_BYTES {
            state.dropped += 1;
        } else {
            state.waiting.extend_from_slice(line);
            state.accepted += 1;
        }
        if mem::take(&mut state.is_idle) {
            drop(state);
            self.0.arrived.notify_one();
        }
    }

    /// Starts the thread that writes to `out`. After lines were lost it writes what `notice` makes of their number since
    /// the start: not an event, which a filter could swallow.
    ///
    /// # Errors
    /// The system starts no thread.
    pub(super) fn write_to(
        &self,
        out: impl io::Write + Send + 'static,
        notice: impl Fn(u64) -> String + Send + 'static,
    ) -> io::Result<()> {
        let queue = self.clone();
        let mut out = Out { to: out, is_torn: false };
        std::thread::Builder::new().name("mcp-auth log".to_owned()).spawn(move || {
            let (mut lines, mut told) = (Vec::new(), 0);
            loop {
                let accepted = queue.0.take(&mut lines);
                let lost = out.write(&lines);
                let dropped = queue.0.lose(lost);
                if dropped > told && out.write(notice(dropped).as_bytes()) == 0 {
                    told = dropped;
                }
                queue.0.is_done(accepted, dropped);
            }
        })?;
        Ok(())
    }

    /// Waits until the lines that came before are written, but no longer than `patience`. Lines that come meanwhile do
    /// not make it wait.
    pub(super) fn flush(&self, patience: Duration) {
        let state = self.0.state();
        let (accepted, dropped) = (state.accepted, state.dropped);
        let unwritten = |state: &mut State| state.done < accepted || state.known < dropped;
        let _in_time = self.0.done.wait_timeout_while(state, patience, unwritten);
    }

    /// [`flush`](Self::flush), for the last time before the process ends.
    pub(super) fn close(&self, patience: Duration) {
        self.0.state().is_closed = true;
        self.flush(patience);
    }

    /// Whether the process is about to end.
    pub(super) fn is_closed(&self) -> bool {
        self.0.state().is_closed
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a line comes or is dropped, and for more after it. Swaps what waits into `lines`; answers how many
    /// lines found room until now.
    fn take(&self, lines: &mut Vec<u8>) -> u64 {
        let idle = |state: &mut State| {
            state.is_idle = state.waiting.is_empty() && state.known == state.dropped;
            state.is_idle
        };
        let first = self.arrived.wait_while(self.state(), idle);
        drop(first.unwrap_or_else(PoisonError::into_inner));
        std::thread::sleep(GATHER);
        let mut state = self.state();
        lines.clear();
        mem::swap(lines, &mut state.waiting);
        state.accepted
    }

    /// Counts lines that were not written, and answers how many were lost since the start.
    fn lose(&self, lines: u64) -> u64 {
        let mut state = self.state();
        state.dropped += lines;
        state.dropped
    }

    /// The thread is done with the first `accepted` lines, and knows of the first `dropped` that were lost.
    fn is_done(&self, accepted: u64, dropped: u64) {
        let mut state = self.state();
        (state.done, state.known) = (accepted, dropped);
        self.done.notify_all();
    }
}

/// Where the thread writes.
struct Out<W> {
    to: W,
    /// Whether the last line ends in the middle, because the rest of it was refused.
    is_torn: bool,
}

impl<W: io::Write> Out<W> {
    /// Writes whole lines. Answers how many were lost, one that was torn included.
    fn write(&mut self, lines: &[u8]) -> u64 {
        if self.is_torn && self.put(b"\n") == 0 {
            return count(lines);
        }
        let written = self.put(lines);
        let (kept, lost) = lines.split_at(written);
        self.is_torn = !lost.is_empty() && kept.last().is_some_and(|last| *last != b'\n');
        count(lost)
    }

    /// Writes as much as is taken, and answers how many bytes that was. What says "not now" (a pipe that another process
    /// made non-blocking) is asked again: it is a reader that does not read, and not an error.
    fn put(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.to.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(GATHER),
                Err(_) => break,
            }
        }
        let _nothing_is_buffered = self.to.flush();
        written
    }
}

/// How many lines end in `bytes`.
fn count(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// One event of the subscriber, which it writes as one whole line.
pub(super) struct Line<'q>(&'q Queue);

impl<'q> MakeWriter<'q> for Queue {
    type Writer = Line<'q>;
    fn make_writer(&'q self) -> Self::Writer {
        Line(self)
    }
}

impl io::Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io::Write as _;
    use std::sync::mpsc;
    use tokio::time::Instant;

    use super::super::support::Buffer;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A reader that reads only after `opened`.
    struct Stuck {
        opened: mpsc::Receiver<()>,
        into: Buffer,
    }

    impl io::Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _until_opened = self.opened.recv();
            self.into.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Says one thing for each write, then takes everything.
    struct Moody {
        says: VecDeque<io::Result<usize>>,
        into: Buffer,
    }

    impl io::Write for Moody {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = self.says.pop_front().unwrap_or(Ok(bytes.len()))?.min(bytes.len());
            self.into.write(&bytes[..taken])
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log(queue: &Queue, line: &str) {
        queue.make_writer().write_all(line.as_bytes()).unwrap();
    }

    fn notice(dropped: u64) -> String {
        format!("dropped {dropped}\n")
    }

    /// What is read after each of `batches` was logged and flushed, of a standard error that `says` these things first.
    fn read(says: impl IntoIterator<Item = io::Result<usize>>, batches: &[&str]) -> String {
        let (queue, into) = (Queue::default(), Buffer::default());
        queue.write_to(Moody { says: says.into_iter().collect(), into: into.clone() }, notice).unwrap();
        for batch in batches {
            batch.split_inclusive('\n').for_each(|line| log(&queue, line));
            queue.flush(PATIENCE);
        }
        into.text()
    }

    fn error(kind: ErrorKind) -> io::Result<usize> {
        Err(kind.into())
    }

    #[test]
    fn lines_are_written_in_order_and_a_flush_waits_for_them() {
        let (queue, buffer) = (Queue::default(), Buffer::default());
        queue.write_to(buffer.clone(), notice).unwrap();
        for line in 0..1000 {
            log(&queue, &format!("{line}\n"));
        }
        queue.flush(PATIENCE);
        let expected: String = (0..1000).map(|line| format!("{line}\n")).collect();
        assert_eq!(buffer.text(), expected);
    }

    #[test]
    fn a_flush_does_not_wait_for_lines_that_come_after_it() {
        /// Logs another line before each write is done, so that the queue is never empty.
        struct Busy(Queue, Buffer);
        impl io::Write for Busy {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                log(&self.0, "more\n");
                self.1.write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (queue, buffer) = (Queue::default(), Buffer::default());
        queue.write_to(Busy(queue.clone(), buffer.clone()), notice).unwrap();
        log(&queue, "first\n");
        let started = Instant::now();
        queue.flush(PATIENCE);
        assert!(started.elapsed() < PATIENCE / 2, "it waited for a moment without lines");
        assert!(buffer.text().starts_with("first\n"));
    }

    #[test]
    fn a_reader_that_does_not_read_costs_lines_and_no_time_and_the_loss_is_told() {
        let (queue, buffer) = (Queue::default(), Buffer::default());
        let (open, opened) = mpsc::channel();
        queue.write_to(Stuck { opened, into: buffer.clone() }, notice).unwrap();
        let line = format!("{}\n", "x".repeat(1023));
        let (fit, more) = (MOST_BYTES / line.len(), 50);
        for _ in 0..2 * fit + more {
            log(&queue, &line); // would hang here if it waited
        }
        assert!(queue.0.state().waiting.len() <= MOST_BYTES);
        let dropped = queue.0.state().dropped;
        assert!(dropped >= more as u64, "{dropped}");
        queue.flush(Duration::from_millis(1)); // and a flush gives up in time
        drop(open);
        queue.flush(PATIENCE);
        let read = buffer.text();
        assert_eq!(
            read.lines().filter(|read| read.len() == 1023).count() as u64,
            (2 * fit + more) as u64 - dropped
        );
        assert_eq!(read.lines().rfind(|line| line.starts_with("dropped")), Some(notice(dropped).trim()));
    }

    #[test]
    fn a_line_that_could_never_fit_is_told_at_once() {
        let (queue, buffer) = (Queue::default(), Buffer::default());
        queue.write_to(buffer.clone(), notice).unwrap();
        log(&queue, &format!("{}\n", "x".repeat(MOST_BYTES)));
        queue.flush(PATIENCE); // and nothing else is logged
        assert_eq!(buffer.text(), "dropped 1\n");
    }

    #[test]
    fn what_says_not_now_is_asked_again_and_costs_no_line() {
        let says = [
            error(ErrorKind::WouldBlock),
            Ok(2),
            error(ErrorKind::Interrupted),
            error(ErrorKind::WouldBlock),
        ];
        assert_eq!(read(says, &["one\ntwo\n", "three\n"]), "one\ntwo\nthree\n");
    }

    #[test]
    fn lines_that_standard_error_refuses_are_counted_and_told_once_it_takes_some() {
        // The first batch and its notice are refused.
        let says = [error(ErrorKind::StorageFull), error(ErrorKind::StorageFull)];
        assert_eq!(read(says, &["one\ntwo\n", "three\n"]), "three\ndropped 2\n");
        let says = [error(ErrorKind::StorageFull)];
        assert_eq!(read(says, &["one\ntwo\n", "three\n"]), "dropped 2\nthree\n");
    }

    #[test]
    fn line_after_one_that_was_torn_stands_on_a_line_of_its_own() {
        // Of "one\ntwo\n" the first five bytes are taken; the line feed before the notice is refused.
        let says = || [Ok(5), error(ErrorKind::StorageFull)].into_iter();
        assert_eq!(read(says(), &["one\ntwo\n", "three\n"]), "one\nt\ndropped 1\nthree\n");
        let says = says().chain([error(ErrorKind::StorageFull)]);
        assert_eq!(read(says, &["one\ntwo\n", "three\n"]), "one\nt\nthree\ndropped 1\n");
        // Cut between lines, nothing is torn.
        let says = [Ok(4), error(ErrorKind::StorageFull)];
        assert_eq!(read(says, &["one\ntwo\n", "three\n"]), "one\ndropped 1\nthree\n");
    }

    #[test]
    fn after_the_reader_is_gone_lines_are_still_taken_and_counted() {
        let says = std::iter::repeat_with(|| error(ErrorKind::BrokenPipe)).take(1000);
        let (queue, into) = (Queue::default(), Buffer::default());
        queue.write_to(Moody { says: says.collect(), into: into.clone() }, notice).unwrap();
        for _ in 0..3 {
            log(&queue, &"x\n".repeat(MOST_BYTES / 2));
            queue.flush(PATIENCE);
        }
        assert_eq!(queue.0.state().dropped, 3 * (MOST_BYTES / 2) as u64);
        assert_eq!(into.text(), "");
    }
}
