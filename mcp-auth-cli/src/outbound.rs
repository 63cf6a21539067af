//! What every command that sends something shares: the HTTP client, and where a token may travel.

use std::time::Duration;

use reqwest::redirect::Policy;
use url::{Host, Url};

use crate::Failure;

/// The most that is read of a document, in bytes.
pub(crate) const LONGEST: usize = 1024 * 1024;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// A URL that nothing secret is sent to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is http:// and not on this machine: a token would be readable on the way; use https, or --plain-http"
)]
pub(crate) struct PlainHttp(pub(crate) Url);

/// The client of our own requests and of MCP. It follows no redirect, so that a token goes only where it was meant
/// to go. `timeout` is for a whole request; without it, a request may last.
///
/// # Errors
/// In practice, no certificate authorities on this machine.
#[expect(clippy::disallowed_methods, reason = "this is the client that is passed in")]
pub(crate) fn client(timeout: Option<Duration>) -> Result<reqwest::Client, Failure> {
    let builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("mcp-auth/", env!("CARGO_PKG_VERSION")));
    let builder = timeout.into_iter().fold(builder, reqwest::ClientBuilder::timeout);
    builder.build().map_err(|error| {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        format!("cannot speak https from this machine: {cause}; install its certificate authorities (ca-certificates)")
            .into()
    })
}

/// The body of an answer, or nothing when it is longer than [`LONGEST`] or ends early.
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

/// https, or http on this machine (RFC 8252 §8.3).
pub(crate) fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// This machine, by address or as `localhost`, as the runtime has it. Names below `localhost` are the resolver's to
/// answer, and not every resolver keeps them here (RFC 6761 §6.3).
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[test]
    fn only_loopback_may_do_without_tls() {
        let url = |text: &str| Url::parse(text).ok();
        for secure in ["https://a.example", "http://localhost:1", "http://127.0.0.1", "http://[::1]:8"] {
            assert!(url(secure).is_some_and(|url| is_secure(&url)), "{secure}");
        }
        for open in ["http://a.example", "http://10.0.0.1", "http://localhost.evil", "http://a.localhost"] {
            assert!(url(open).is_some_and(|url| !is_secure(&url)), "{open}");
        }
    }

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
