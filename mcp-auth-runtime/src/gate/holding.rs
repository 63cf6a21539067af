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

/// `response`, which keeps `held` until its last byte is out or it is given up. An answer that is whole keeps nothing: the call
/// is over.
pub(super) fn until_answered(response: Response<Body>, held: impl Send + Unpin + 'static) -> Response<Body> {
    match response.body().size_hint().exact() {
        Some(_) => response,
        None => response.map(|body| Body::new(Holding { body, _held: held })),
    }
}

struct Holding<T> {
    body: Body,
    _held: T,
}

impl<T: Unpin> HttpBody for Holding<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
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
    use std::sync::Arc;

    use futures_util::stream;

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
}
