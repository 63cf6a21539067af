//! One kept connection: a request out, its answer in, checked.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Error;

/// A connection to the server, and what it has read beyond the last answer.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// Where an answer stands in the buffer.
pub(super) struct Answer {
    pub(super) status: u16,
    body: std::ops::Range<usize>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 128 * 1024], filled: 0 })
    }

    /// Sends `request` and reads the whole answer to it.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Result<Answer, Error> {
        self.stream.write_all(request).await?;
        self.filled = 0;
        loop {
            if let Some(answer) = parse(&self.buffer[..self.filled])? {
                if self.filled > answer.body.end {
                    return Err("the server said more than it was asked".into());
                }
                if self.filled == answer.body.end {
                    return Ok(answer);
                }
            }
            if self.filled == self.buffer.len() {
                self.buffer.resize(2 * self.filled, 0);
            }
            match self.stream.read(&mut self.buffer[self.filled..]).await? {
                0 => return Err("the server closed the connection".into()),
                read => self.filled += read,
            }
        }
    }

    /// The body of the answer that was read last.
    pub(super) fn body(&self, answer: &Answer) -> &[u8] {
        &self.buffer[answer.body.clone()]
    }
}

/// Finds the status and the extent of the body, once the head is whole.
fn parse(read: &[u8]) -> Result<Option<Answer>, Error> {
    let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&read[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.get(9..12)).ok_or("no status line")?.parse()?;
    let length: usize = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .ok_or("an answer without content-length")?
        .1
        .trim()
        .parse()?;
    Ok(Some(Answer { status, body: end + 4..end + 4 + length }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_answer_is_found_once_its_head_is_whole() {
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n").unwrap().is_none());
        let answer = parse(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nab").unwrap().unwrap();
        assert_eq!((answer.status, answer.body), (401, 48..50));
        assert!(parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
