//! What a request holds until its answer is out.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::owned::{BodyRoom, Place};

/// What a request holds: its place, and the room that its body took.
pub(super) struct Held {
    #[expect(dead_code, reason = "it is counted")]
    pub(super) place: Option<Place>,
    #[expect(dead_code, reason = "it is counted")]
    pub(super) room: BodyRoom,
}

/// What fits into the buffers of a connection whose client reads nothing, more or less. A whole answer of that size is over.
const PART: usize = 64 * 1024;

/// `response`, which keeps `held` until its last byte is out or it is given up. An answer that is whole and small keeps nothing:
/// the call is over. One that is large goes out in parts, as its client reads them.
pub(super) fn until_answered(response: Response<Body>, held: impl Send + Unpin + 'static) -> Response<Body> {
    match response.body().size_hint().exact() {
        Some(size) if size <= PART as u64 => response,
        _ => response.map(|body| Body::new(Holding { body, rest: Bytes::new(), _held: held })),
    }
}

struct Holding<T> {
    body: Body,
    /// What is left of a part that was larger.
    rest: Bytes,
    _held: T,
}

impl<T> Holding<T> {
    /// The first part of `data`; the rest is kept.
    fn part(&mut self, mut data: Bytes) -> Frame<Bytes> {
        let first = data.split_to(data.len().min(PART));
        self.rest = data;
        Frame::data(first)
    }
}

impl<T: Unpin> HttpBody for Holding<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return Poll::Ready(Some(Ok(self.part(rest))));
        }
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        polled.map_ok(|frame| match frame.into_data() {
            Ok(data) => self.part(data),
            Err(frame) => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;

    use futures_util::stream;
    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn a_stream_keeps_what_it_holds_until_it_is_given_up_and_a_whole_answer_does_not() {
        let held = Arc::new(());
        let open = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let open = until_answered(Response::new(open), Arc::clone(&held));
        let whole = until_answered(Response::new(Body::from("{}")), Arc::clone(&held));
        assert_eq!(Arc::strong_count(&held), 2);
        drop((open, whole));
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test]
    async fn a_large_answer_is_held_until_its_last_part_and_says_its_length() {
        let held = Arc::new(());
        let all = vec![7_u8; 3 * PART + 1];
        let mut body = until_answered(Response::new(Body::from(all.clone())), Arc::clone(&held)).into_body();
        let mut read = Vec::new();
        while !body.is_end_stream() {
            assert_eq!(body.size_hint().exact(), Some((all.len() - read.len()) as u64));
            assert_eq!(Arc::strong_count(&held), 2);
            let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(part.len() <= PART);
            read.extend_from_slice(&part);
        }
        assert_eq!(read, all);
        drop(body);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
