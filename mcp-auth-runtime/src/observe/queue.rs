//! The log's lines on their way to standard error: a bounded queue, and one thread that writes. Code that logs never
//! waits, so a standard error that nothing reads stops the log and not the server.

use std::io;
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
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Whole lines, one after the other.
    waiting: Vec<u8>,
    /// Whether the thread sleeps until a line comes: only then it has to be woken.
    is_idle: bool,
    /// Whether the thread is writing what it took.
    is_writing: bool,
    /// Lines that found no room, since the start.
    dropped: u64,
    /// How many of them were reported.
    reported: u64,
}

impl Queue {
    /// Puts a whole line at the end, or drops it where there is no room.
    fn push(&self, line: &[u8]) {
        let mut state = self.0.state();
        if state.waiting.len() + line.len() > MOST_BYTES {
            state.dropped += 1;
            return;
        }
        state.waiting.extend_from_slice(line);
        if mem::take(&mut state.is_idle) {
            drop(state);
            self.0.arrived.notify_one();
        }
    }

    /// Starts the thread that writes to `out`. After lines were dropped and there is room again, it calls `report`
    /// with how many were dropped since the start.
    ///
    /// # Errors
    /// The system starts no thread.
    pub(super) fn write_to(
        &self,
        mut out: impl io::Write + Send + 'static,
        report: fn(u64),
    ) -> io::Result<()> {
        let queue = self.clone();
        std::thread::Builder::new().name("mcp-auth log".to_owned()).spawn(move || {
            let mut taken = Vec::new();
            loop {
                let dropped = queue.0.take(&mut taken);
                if let Some(dropped) = dropped {
                    report(dropped); // becomes a line of the queue, behind those that were just taken
                }
                // A standard error that is closed takes nothing more; there is nowhere else to say so.
                let _ = out.write_all(&taken).and_then(|()| out.flush());
                queue.0.is_written();
            }
        })?;
        Ok(())
    }

    /// Waits until every line is written, but no longer than `patience`.
    pub(super) fn flush(&self, patience: Duration) {
        let unwritten = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        let _in_time = self.0.written.wait_timeout_while(self.0.state(), patience, unwritten);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for lines and swaps them into `taken`. Answers how many were dropped, if more than was reported.
    fn take(&self, taken: &mut Vec<u8>) -> Option<u64> {
        let idle = |state: &mut State| {
            state.is_idle = state.waiting.is_empty();
            state.is_idle
        };
        let first = self.arrived.wait_while(self.state(), idle);
        drop(first.unwrap_or_else(PoisonError::into_inner));
        std::thread::sleep(GATHER);
        let mut state = self.state();
        taken.clear();
        mem::swap(taken, &mut state.waiting);
        state.is_writing = true;
        let news = state.dropped > state.reported;
        state.reported = state.dropped;
        news.then_some(state.dropped)
    }

    fn is_written(&self) {
        self.state().is_writing = false;
        self.written.notify_all();
    }
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
    use std::io::Write as _;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;

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

    fn log(queue: &Queue, line: &str) {
        queue.make_writer().write_all(line.as_bytes()).unwrap();
    }

    #[test]
    fn lines_are_written_in_order_and_a_flush_waits_for_them() {
        let (queue, buffer) = (Queue::default(), Buffer::default());
        queue.write_to(buffer.clone(), |_| ()).unwrap();
        for line in 0..1000 {
            log(&queue, &format!("{line}\n"));
        }
        queue.flush(PATIENCE);
        let expected: String = (0..1000).map(|line| format!("{line}\n")).collect();
        assert_eq!(buffer.text(), expected);
    }

    #[test]
    fn a_reader_that_does_not_read_costs_lines_and_no_time_and_the_loss_is_reported() {
        static REPORTED: AtomicU64 = AtomicU64::new(0);
        let (queue, buffer) = (Queue::default(), Buffer::default());
        let (open, opened) = mpsc::channel();
        queue
            .write_to(Stuck { opened, into: buffer.clone() }, |n| REPORTED.store(n, Ordering::SeqCst))
            .unwrap();
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
        assert_eq!(REPORTED.load(Ordering::SeqCst), dropped);
        assert_eq!(buffer.text().lines().count() as u64, (2 * fit + more) as u64 - dropped);
    }

    #[test]
    fn after_the_reader_is_gone_lines_are_still_taken() {
        struct Gone;
        impl io::Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let queue = Queue::default();
        queue.write_to(Gone, |_| ()).unwrap();
        for _ in 0..3 {
            log(&queue, &"x\n".repeat(MOST_BYTES / 2));
            queue.flush(PATIENCE);
        }
        assert_eq!(queue.0.state().dropped, 0);
    }
}
