//! HTTP on one kept connection: a request out, its answer in.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer that can be used.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection was cut, so nobody knows whether it was done.
    Cut(io::Error),
    /// Another answer than the expected one.
    Unexpected(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Cut(error)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cut(error) => write!(f, "no answer: {error}"),
            Self::Unexpected(what) => f.write_str(what),
        }
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.to_string()
    }
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The values of the header fields of this name.
    pub(crate) fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_str(&self.body).map_err(|_| self.unexpected("JSON"))
    }

    /// The failure that this is not what was expected.
    pub(crate) fn unexpected(&self, expected: &str) -> Failure {
        let body: String = self.body.chars().take(600).collect();
        Failure::Unexpected(format!("expected {expected}; got {}\n{body}", self.head))
    }
}

/// A connection that is kept.
pub(crate) struct Connection {
    server: SocketAddr,
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(server: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { server, stream, read: Vec::new() })
    }

    /// The origin of the server.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.server)
    }

    /// `GET path`, with these lines of headers.
    pub(crate) fn get(&mut self, path: &str, headers: &str) -> Result<Answer, Failure> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.server))?;
        self.answer()
    }

    /// `POST path` with a body of this type, and these lines of headers.
    pub(crate) fn post(
        &mut self,
        path: &str,
        media_type: &str,
        headers: &str,
        body: &str,
    ) -> Result<Answer, Failure> {
        self.send_post(path, media_type, headers, body)?;
        self.answer()
    }

    /// Sends the same and leaves the answer to [`Connection::answer`].
    pub(crate) fn send_post(
        &mut self,
        path: &str,
        media_type: &str,
        headers: &str,
        body: &str,
    ) -> Result<(), Failure> {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.server,
            body.len()
        ))
    }

    fn send(&mut self, request: &str) -> Result<(), Failure> {
        Ok(self.stream.write_all(request.as_bytes())?)
    }

    /// Reads one whole answer.
    pub(crate) fn answer(&mut self) -> Result<Answer, Failure> {
        self.read.clear();
        let mut part = [0; 32 * 1024];
        loop {
            if let Some(answer) = parse(&self.read)? {
                return Ok(answer);
            }
            match self.stream.read(&mut part)? {
                0 => return Err(Failure::Cut(io::ErrorKind::UnexpectedEof.into())),
                more => self.read.extend_from_slice(&part[..more]),
            }
        }
    }
}

/// The answer in `read`, once it is whole. Nothing may follow it: the next request was not sent yet.
fn parse(read: &[u8]) -> Result<Option<Answer>, Failure> {
    let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let (head, rest) = (String::from_utf8_lossy(&read[..end]).into_owned(), &read[end + 4..]);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Failure::Unexpected(format!("no status in {head}")))?;
    let mut answer = Answer { status, head, body: String::new() };
    let length = answer.headers("content-length").next().and_then(|length| length.parse::<usize>().ok());
    let body = match length {
        Some(length) if rest.len() < length => return Ok(None),
        Some(length) if rest.len() == length => rest.to_vec(),
        Some(_) => return Err(answer.unexpected("one answer")),
        None if matches!(status, 204 | 304) => Vec::new(),
        None => match unchunked(rest) {
            Some(body) => body,
            None => return Ok(None),
        },
    };
    answer.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(answer))
}

/// A body in chunks (RFC 9112 §7.1), once the last one is there.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|bytes| bytes == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?.trim(), 16).ok()?;
        let chunk = rest.get(line + 2..line + 2 + size)?;
        rest = rest.get(line + 2 + size..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let whole =
            b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\n{}".to_vec();
        for end in 0..whole.len() {
            assert!(parse(&whole[..end]).unwrap().is_none(), "{end}");
        }
        let answer = parse(&whole).unwrap().unwrap();
        assert_eq!((answer.status, &*answer.body), (200, "{}"));
        assert_eq!(answer.headers("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
        let more = [&whole[..], b"H"].concat();
        assert!(matches!(parse(&more), Err(Failure::Unexpected(_))));
    }

    #[test]
    fn a_body_in_chunks_is_put_together() {
        let whole = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npong\r\n0\r\n\r\n";
        assert_eq!(parse(whole).unwrap().unwrap().body, "pong");
        assert!(parse(&whole[..whole.len() - 2]).unwrap().is_none());
    }
}
