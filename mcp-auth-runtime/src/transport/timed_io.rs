//! A socket with clocks: how long a head may take, how long a connection may idle, how long a client may
//! leave its answer unread. hyper has one timer for the first two, and none for the third. What is read goes through
//! [`Framing`], so hyper sees none but whole heads.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::connections::Progress;
use super::framing::{Framing, MayRead};
use super::head::HeadLimits;

/// The clocks of one connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    /// For a whole head: from the accept for the first one, from its first byte for the others.
    pub(super) head: Duration,
    /// Between an answer's end and the next request's first byte.
    pub(super) idle: Duration,
    /// For the client to take at least one more byte of its answer.
    pub(super) write: Duration,
}

/// The clock that ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RanOut {
    /// The head's, and nothing of a first head had come.
    Unused,
    /// The head's, in the middle of a head.
    Head,
    /// The one between requests.
    Idle,
    /// The one for the client to take its answer.
    Write,
}

/// A stream that fails with [`io::ErrorKind::TimedOut`] when one of its clocks runs out.
#[derive(Debug)]
pub(super) struct TimedIo<S> {
    stream: S,
    clocks: Clocks,
    progress: Arc<Progress>,
    /// How many requests had begun when the current wait began.
    begun: u32,
    wait: Wait,
    deadline: Instant,
    alarm: Pin<Box<Sleep>>,
    stalled: Option<Pin<Box<Sleep>>>,
    framing: Framing,
    ran_out: Option<RanOut>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Nothing of the next request has come.
    Idle,
    /// A head has begun, or the connection is new.
    Head,
}

impl<S> TimedIo<S> {
    pub(super) fn new(stream: S, clocks: Clocks, heads: HeadLimits, progress: Arc<Progress>) -> Self {
        let deadline = Instant::now() + clocks.head;
        Self {
            stream,
            clocks,
            begun: progress.begun(),
            progress,
            wait: Wait::Head,
            deadline,
            alarm: Box::pin(tokio::time::sleep_until(deadline)),
            stalled: None,
            framing: Framing::new(heads),
            ran_out: None,
        }
    }

    /// The first clock that ran out, if one did.
    pub(super) fn ran_out(&self) -> Option<RanOut> {
        self.ran_out
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    /// Starts the next clock if a request has been answered since the last look: the idle one, or, where the next head
    /// began to come before the answer was out, that of the head.
    fn note_answered(&mut self) {
        let begun = self.progress.begun();
        if begun != self.begun {
            self.begun = begun;
            let (wait, time) = match self.framing.is_in_head() {
                true => (Wait::Head, self.clocks.head),
                false => (Wait::Idle, self.clocks.idle),
            };
            self.wait = wait;
            self.deadline = Instant::now() + time;
        }
    }

    /// Whether the deadline has passed; if not, the task is woken when it does.
    fn is_overdue(&mut self, cx: &mut Context<'_>) -> bool {
        if self.alarm.deadline() > self.deadline {
            self.alarm.as_mut().reset(self.deadline);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if self.alarm.deadline() >= self.deadline {
                return true;
            }
            self.alarm.as_mut().reset(self.deadline); // it was set for an earlier wait
        }
        false
    }

    fn give_up(&mut self, clock: RanOut) -> io::Error {
        self.ran_out.get_or_insert(clock);
        io::ErrorKind::TimedOut.into()
    }

    fn note_written<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(done) = &written {
            self.stalled = None;
            // Below TLS the socket has the same clock.
            if done.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
                self.ran_out.get_or_insert(RanOut::Write);
            }
            return written;
        }
        let write = self.clocks.write;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(write)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(self.give_up(RanOut::Write))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let is_waiting = this.progress.is_waiting(); // if not, this is a body, which has its own clock
        if is_waiting {
            this.note_answered();
        }
        loop {
            if this.framing.deliver(buf) {
                return Poll::Ready(Ok(()));
            }
            let before = buf.filled().len();
            let polled = match this.framing.may_read() {
                MayRead::More => Pin::new(&mut this.stream).poll_read(cx, buf),
                MayRead::Nothing => Poll::Pending, // hyper has all it needs to answer and to close
                MayRead::Fails => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            };
            match polled {
                Poll::Ready(Ok(())) => {
                    let read = &buf.filled()[before..];
                    if read.is_empty() {
                        return Poll::Ready(Ok(())); // the client closed
                    }
                    if is_waiting && this.wait == Wait::Idle {
                        this.wait = Wait::Head;
                        this.deadline = Instant::now() + this.clocks.head;
                    }
                    let seen = this.framing.take(read);
                    buf.set_filled(before + seen.passed);
                    this.progress.note_heads(seen.heads, seen.refused);
                    this.progress.set_in_head(this.framing.is_in_head());
                    if seen.passed > 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Pending if is_waiting && this.is_overdue(cx) => {
                    let clock = match this.wait {
                        Wait::Idle => RanOut::Idle,
                        Wait::Head if this.framing.is_in_head() => RanOut::Head,
                        Wait::Head => RanOut::Unused,
                    };
                    return Poll::Ready(Err(this.give_up(clock)));
                }
                other => return other,
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note_written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.note_written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if let Poll::Ready(Err(error)) = &flushed
            && error.kind() == io::ErrorKind::TimedOut
        {
            self.ran_out.get_or_insert(RanOut::Write);
        }
        if flushed.is_ready() && self.progress.is_waiting() {
            // hyper may not read again before bytes arrive, so the idle clock is started here too
            self.note_answered();
            let _woken_later = self.is_overdue(cx);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.note_written(cx, shut)
    }
}
