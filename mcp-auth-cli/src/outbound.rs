//! What all commands that send requests share: the HTTP client, and the rule for where a token may be sent.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

use crate::Failure;

/// The longest document that is read, in bytes.
pub(crate) const LONGEST: usize = 1024 * 1024;

/// The longest time for opening a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// A URL that a secret must not be sent to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is http:// and not on this machine: a token would be readable on the way; use https, or --plain-http"
)]
pub(crate) struct PlainHttp(pub(crate) Url);

/// The client for our own requests and for MCP. It follows no redirect, so that a token goes only to the intended
/// server. `timeout` limits a whole request; without it, a request may take any time.
///
/// # Errors
/// In practice only if this machine has no certificate authorities.
pub(crate) fn client(timeout: Option<Duration>) -> Result<reqwest::Client, Failure> {
    built(builder(timeout))
}

/// The same, with names resolved as `resolver` does, and without a proxy, which would resolve them itself.
///
/// # Errors
/// As [`client`].
pub(crate) fn guarded_client<R: reqwest::dns::Resolve + 'static>(
    timeout: Option<Duration>,
    resolver: Arc<R>,
) -> Result<reqwest::Client, Failure> {
    built(builder(timeout).no_proxy().dns_resolver(resolver))
}

#[expect(clippy::disallowed_methods, reason = "this is the client that is passed in")]
fn builder(timeout: Option<Duration>) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("mcp-auth/", env!("CARGO_PKG_VERSION")));
    timeout.into_iter().fold(builder, reqwest::ClientBuilder::timeout)
}

fn built(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Failure> {
    builder.build().map_err(|error| {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        format!("cannot speak https from this machine: {cause}; install its certificate authorities (ca-certificates)")
            .into()
    })
}

/// The body of an answer; `None` if it is longer than [`LONGEST`] or ends early.
pub(crate) async fn document(mut answer: reqwest::Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.ok()? {
        if body.len() + chunk.len() > LONGEST {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn k06_a_document_that_is_too_long_is_not_read() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for length in [LONGEST, LONGEST + 1] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await;
                let head =
                    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&vec![b' '; length]).await;
            }
        });
        let client = client(Some(Duration::from_secs(10))).unwrap();
        assert_eq!(
            document(client.get(&url).send().await.unwrap()).await.map(|body| body.len()),
            Some(LONGEST)
        );
        assert_eq!(document(client.get(&url).send().await.unwrap()).await, None);
    }
}
