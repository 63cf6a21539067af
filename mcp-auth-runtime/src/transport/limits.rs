//! How much of a request's body is read, for how long, and in which form: the functions the gate calls once
//! it wants the body, and the clock every body runs on.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::{Instant, Sleep};

use super::connections::Receiving;
use crate::answer::Rejection;
use crate::owned::{BodyRoom, Crowded};

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// More bytes than allowed, announced or sent (413, RFC 9110 §15.5.14).
    #[error("the request body is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The whole body did not arrive in time (408, RFC 9110 §15.5.9).
    #[error("the request body did not arrive in time")]
    TimedOut,
    /// A content coding; nothing is ever inflated (415, RFC 9110 §15.5.16).
    #[error("the request body has a content-encoding; send it without")]
    Encoded,
    /// There is no room for more bytes of bodies (429, 503).
    #[error("{0}")]
    Crowded(Crowded),
    /// The framing is wrong, or the client went away (400).
    #[error("the request body could not be read")]
    Broken,
}

impl From<&BodyError> for Rejection {
    fn from(error: &BodyError) -> Self {
        match error {
            BodyError::TooLarge { limit } => Self::BodyTooLarge { limit: *limit, key: "limits.body" },
            BodyError::TimedOut => Self::BodyTimeout,
            BodyError::Encoded => Self::ContentEncoding,
            BodyError::Crowded(crowded) => Self::from(*crowded),
            BodyError::Broken => Self::BodyBroken,
        }
    }
}

/// Reads a whole body of at most `limit` bytes within `timeout`, counted from now. Its bytes take room as they come.
///
/// A body whose `Content-Length` already exceeds the limit is not read at all: with `Expect: 100-continue`
/// the client is never told to go on.
///
/// # Errors
/// [`BodyError::TooLarge`], [`BodyError::TimedOut`], [`BodyError::Crowded`] or [`BodyError::Broken`].
pub(crate) async fn read_body(
    body: Body,
    limit: usize,
    timeout: Duration,
    room: &mut BodyRoom,
) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge { limit });
    }
    match tokio::time::timeout(timeout, collect(body, limit, room)).await {
        Ok(read) => read,
        Err(_elapsed) => Err(BodyError::TimedOut),
    }
}

async fn collect(mut body: Body, limit: usize, room: &mut BodyRoom) -> Result<Bytes, BodyError> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| body_error(&error))?;
        let Ok(data) = frame.into_data() else { continue }; // trailers mean nothing here
        if data.len() > limit - first.len().max(rest.len()) {
            return Err(BodyError::TooLarge { limit });
        }
        room.grow(data.len()).map_err(BodyError::Crowded)?;
        if !rest.is_empty() {
            rest.extend_from_slice(&data);
        } else if first.is_empty() {
            first = data; // nearly every body is one frame: no copy
        } else {
            rest.reserve(first.len() + data.len());
            rest.extend_from_slice(&first);
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

fn body_error(error: &axum::Error) -> BodyError {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<BodyTimedOut>() {
            return BodyError::TimedOut;
        }
        cause = error.source();
    }
    BodyError::Broken
}

/// Refuses a body with a content coding other than `identity`: nothing is ever inflated.
///
/// # Errors
/// [`BodyError::Encoded`].
pub(crate) fn refuse_encoded(headers: &HeaderMap) -> Result<(), BodyError> {
    let plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().all(plain) { Ok(()) } else { Err(BodyError::Encoded) }
}

/// The error of a body that [`TimedBody`] gave up on.
#[derive(Debug, thiserror::Error)]
#[error("the request body did not arrive in time")]
struct BodyTimedOut;

/// A body that must be complete by a deadline, whichever handler reads it.
pub(super) struct TimedBody<B> {
    body: B,
    deadline: Instant,
    sleep: Option<Pin<Box<Sleep>>>, // made only once the body is waited for
    receiving: Option<Receiving>,
}

impl<B> TimedBody<B> {
    pub(super) fn new(body: B, deadline: Instant) -> Self {
        Self { body, deadline, sleep: None, receiving: None }
    }

    /// Keeps `receiving` until the body is whole.
    pub(super) fn with(self, receiving: Receiving) -> Self {
        Self { receiving: Some(receiving), ..self }
    }
}

impl<B> HttpBody for TimedBody<B>
where
    B: HttpBody + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = B::Data;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            if self.body.is_end_stream() || !matches!(frame, Some(Ok(_))) {
                self.receiving = None;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = self.deadline;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Box::new(BodyTimedOut)))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http::HeaderValue;
    use http_body_util::StreamBody;

    use super::*;

    const SOON: Duration = Duration::from_secs(30);

    fn in_frames(parts: &'static [&'static str]) -> Body {
        Body::from_stream(stream::iter(parts.iter().map(|part| Ok::<_, Infallible>(Bytes::from(*part)))))
    }

    #[tokio::test]
    async fn h30_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
        assert_eq!(
            read_body(in_frames(&["ab", "cd", "ef"]), 6, SOON, &mut BodyRoom::unbounded()).await.unwrap(),
            "abcdef"
        );
        let over = read_body(in_frames(&["ab", "cd", "ef"]), 5, SOON, &mut BodyRoom::unbounded()).await;
        assert_eq!(over, Err(BodyError::TooLarge { limit: 5 }));
        assert_eq!(
            read_body(in_frames(&["abc"]), 2, SOON, &mut BodyRoom::unbounded()).await,
            Err(BodyError::TooLarge { limit: 2 })
        );
        assert_eq!(read_body(Body::empty(), 0, SOON, &mut BodyRoom::unbounded()).await.unwrap(), "");
    }

    #[tokio::test(start_paused = true)]
    async fn h27_a_body_that_stalls_times_out() {
        let stalls = || StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert_eq!(
            read_body(Body::new(stalls()), 9, SOON, &mut BodyRoom::unbounded()).await,
            Err(BodyError::TimedOut)
        );
        // the connection's own clock, when it runs out first
        let timed = TimedBody::new(Box::pin(stalls()), Instant::now() + SOON / 2);
        assert_eq!(
            read_body(Body::new(timed), 9, SOON, &mut BodyRoom::unbounded()).await,
            Err(BodyError::TimedOut)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn h27_a_trickling_body_has_one_deadline_for_the_whole() {
        let trickle = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"x")), ()))
        });
        assert_eq!(
            read_body(Body::from_stream(trickle), 1000, SOON, &mut BodyRoom::unbounded()).await,
            Err(BodyError::TimedOut)
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_broken_not_empty() {
        let parts = [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))];
        assert_eq!(
            read_body(Body::from_stream(stream::iter(parts)), 9, SOON, &mut BodyRoom::unbounded()).await,
            Err(BodyError::Broken)
        );
    }

    #[test]
    fn h31_any_content_coding_is_refused_and_identity_is_not() {
        let headers = |values: &[&'static str]| {
            let values = values.iter().map(|v| (header::CONTENT_ENCODING, HeaderValue::from_static(v)));
            values.fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            })
        };
        for refused in [&["gzip"][..], &["br"], &["zstd"], &["identity, gzip"], &["identity", "gzip"], &[""]]
        {
            assert_eq!(refuse_encoded(&headers(refused)), Err(BodyError::Encoded), "{refused:?}");
        }
        for allowed in [&[][..], &["identity"], &["Identity"]] {
            assert_eq!(refuse_encoded(&headers(allowed)), Ok(()), "{allowed:?}");
        }
    }
}
