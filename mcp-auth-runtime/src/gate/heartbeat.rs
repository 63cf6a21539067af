//! An answer that takes long: a proxy takes a connection without a byte for dead, after 60 seconds often. So the answer
//! becomes an event stream, with a comment line now and then, where its client accepts one.

use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, to_bytes};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response};

use super::forward::is_event_stream;

/// A line that readers of event streams skip (HTML, server-sent events, 9.2.6).
const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// An answer that is being made.
type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// What came of waiting for an answer.
pub(super) enum Waited {
    /// The answer, in time.
    InTime(Response<Body>),
    /// A stream that says nothing but comments until the answer is there.
    Late(Response<Body>),
}

/// Waits for the answer, or answers with an event stream after `silence`, which then has a comment after each further one.
/// Dropping it, or the stream, drops what makes the answer.
pub(super) async fn wait(mut answering: Answering, silence: Duration) -> Waited {
    tokio::select! {
        biased; // most answers are there at once, and need no timer
        response = &mut answering => return Waited::InTime(response),
        () = tokio::time::sleep(silence) => {}
    }
    let body = stream::unfold(Next::Comment(answering), move |next| async move {
        match next {
            Next::Comment(answering) => Some((Ok(COMMENT), Next::Answer(answering))),
            Next::Answer(mut answering) => {
                tokio::select! {
                    biased;
                    response = &mut answering => rest_of(response).await,
                    () = tokio::time::sleep(silence) => Some((Ok(COMMENT), Next::Answer(answering))),
                }
            }
            Next::Rest(mut body) => body.next().await.map(|chunk| (chunk, Next::Rest(body))),
            Next::End => None,
        }
    });
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Waited::Late(response)
}

/// What a stream says next.
enum Next {
    Comment(Answering),
    Answer(Answering),
    Rest(BodyDataStream),
    End,
}

/// The answer as it stands in an event stream: a stream goes on in this one, anything else is one message.
async fn rest_of(response: Response<Body>) -> Option<(Result<Bytes, axum::Error>, Next)> {
    if is_event_stream(&response) {
        let mut body = response.into_body().into_data_stream();
        return body.next().await.map(|chunk| (chunk, Next::Rest(body)));
    }
    let body = match to_bytes(response.into_body(), usize::MAX).await {
        Ok(body) => body,
        Err(error) => return Some((Err(error), Next::End)),
    };
    let event = [b"data: ", &body[..], b"\n\n"].concat(); // JSON as it is written here is one line
    Some((Ok(event.into()), Next::End))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: Duration = Duration::from_secs(5);

    fn after(seconds: u64, response: Response<Body>) -> Answering {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            response
        })
    }

    async fn text(response: Response<Body>) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_in_time_is_as_it_is() {
        let Waited::InTime(response) = wait(after(4, Response::new(Body::from("{}"))), SILENCE).await else {
            panic!("in time")
        };
        assert_eq!(text(response).await, "{}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_is_an_event_after_a_comment_for_each_silence() {
        let Waited::Late(response) = wait(after(17, Response::new(Body::from("{}"))), SILENCE).await else {
            panic!("a stream")
        };
        assert!(is_event_stream(&response));
        assert_eq!(text(response).await, ":\n\n:\n\n:\n\ndata: {}\n\n");
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_stream_goes_on_in_the_one_that_began() {
        let mut late = Response::new(Body::from("data: 1\n\ndata: 2\n\n"));
        late.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        let Waited::Late(response) = wait(after(6, late), SILENCE).await else { panic!("a stream") };
        assert_eq!(text(response).await, ":\n\ndata: 1\n\ndata: 2\n\n");
    }
}
