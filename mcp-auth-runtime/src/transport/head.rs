//! One whole head of a request, as strictly as RFC 9112 writes it: where its body ends must be beyond doubt.
//!
//! hyper 1.12 (`proto/h1/role.rs`) and httparse read more kindly: a bare LF ends a line; of `Transfer-Encoding` only the
//! last word counts, so that `gzip, chunked` arrives undecoded; `Content-Length` beside it is dropped; the same
//! `Content-Length` may stand there twice. A proxy in front may read each of these otherwise. What passes here, hyper
//! reads in the same way.

use http::{Method, Uri};

/// How much one head may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadLimits {
    /// Bytes, request line and empty line included.
    pub(super) bytes: usize,
    /// Header fields.
    pub(super) fields: usize,
}

/// Where the body behind a head ends (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyLength {
    /// After as many bytes; 0 where the head names no length.
    Bytes(u64),
    /// After its last chunk and trailers.
    Chunked,
}

/// Why a head is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadHead {
    /// Against the grammar, or its body's end is in doubt: 400.
    Malformed(&'static str),
    /// A transfer coding besides `chunked`: 501 (RFC 9112 §6.1).
    Coding,
    /// More bytes than the limit: 431.
    Bytes(usize),
    /// More fields than the limit: 431.
    Fields(usize),
    /// A target longer than hyper takes: 414.
    Target,
}

/// hyper's limit for the request target.
const LONGEST_TARGET: usize = 65_534;
/// hyper keeps the two largest numbers for itself.
const LONGEST_BODY: u64 = u64::MAX - 2;

/// Reads a head, from the first byte of its request line (empty lines before it are skipped, RFC 9112 §2.2) to its empty
/// line. That every line ends in CR LF is known by now.
pub(super) fn check(head: &[u8], limits: HeadLimits) -> Result<BodyLength, BadHead> {
    if head.len() > limits.bytes {
        return Err(BadHead::Bytes(limits.bytes));
    }
    let mut lines = lines(head).skip_while(|line| line.is_empty());
    let is_1_1 = request_line(lines.next().unwrap_or_default())?;
    let mut fields = 0;
    let mut length = None;
    let mut codings = Codings::default();
    for line in lines.take_while(|line| !line.is_empty()) {
        fields += 1;
        if fields > limits.fields {
            return Err(BadHead::Fields(limits.fields));
        }
        let (name, value) = field(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            let second = length.replace(digits(value)?);
            if second.is_some() {
                return Err(BadHead::Malformed("more than one content-length"));
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            codings.add(value)?;
        }
    }
    match (codings.any, length) {
        (true, Some(_)) => Err(BadHead::Malformed("content-length and transfer-encoding in one request")),
        (true, None) if !is_1_1 => Err(BadHead::Malformed("transfer-encoding in HTTP/1.0")),
        (true, None) => codings.are_decoded().map(|()| BodyLength::Chunked),
        (false, length) => Ok(BodyLength::Bytes(length.unwrap_or(0))),
    }
}

/// The lines without their ends; what stands behind the last end is one too.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut begin = 0;
    let ends = memchr::memchr_iter(b'\n', head).chain([head.len()]);
    ends.map(move |end| {
        let line = &head[begin..end];
        begin = end + 1;
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

/// Whether the version is 1.1 and not 1.0.
fn request_line(line: &[u8]) -> Result<bool, BadHead> {
    const BAD: BadHead = BadHead::Malformed("the request line cannot be read");
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(BAD);
    };
    if target.len() > LONGEST_TARGET {
        return Err(BadHead::Target);
    }
    if !is_token(method) || Method::from_bytes(method).is_err() {
        return Err(BAD);
    }
    if !target.iter().all(|byte| *byte > b' ' && *byte != 0x7f) || Uri::try_from(target).is_err() {
        return Err(BadHead::Malformed("the request target cannot be read"));
    }
    match version {
        b"HTTP/1.1" => Ok(true),
        b"HTTP/1.0" => Ok(false),
        _ => Err(BadHead::Malformed("only HTTP/1.1 and HTTP/1.0 are spoken here")),
    }
}

/// Name and value of a field line, without the white space around the value (RFC 9112 §5). A folded line begins with
/// white space, which no name has (§5.2).
fn field(line: &[u8]) -> Result<(&[u8], &[u8]), BadHead> {
    const BAD: BadHead = BadHead::Malformed("a header line cannot be read");
    let colon = line.iter().position(|byte| *byte == b':').ok_or(BAD)?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    let is_text = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    // No `all`: it looks at one byte after the other, and the value of `Authorization` is long.
    let is_all_text = value.iter().fold(true, |so_far, byte| so_far & is_text(byte));
    if !is_token(name) || name.len() > LONGEST_TARGET || !is_all_text {
        return Err(BAD);
    }
    Ok((name, value))
}

/// A token (RFC 9110 §5.6.2).
fn is_token(text: &[u8]) -> bool {
    let is_tchar = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
    };
    !text.is_empty() && text.iter().all(is_tchar)
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn digits(value: &[u8]) -> Result<u64, BadHead> {
    let digits = value.iter().all(u8::is_ascii_digit).then_some(value);
    let number = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
    number
        .filter(|length| *length <= LONGEST_BODY)
        .ok_or(BadHead::Malformed("content-length is not one number"))
}

/// The list in all `Transfer-Encoding` lines.
#[derive(Default)]
struct Codings {
    any: bool,
    foreign: bool,
    /// How often `chunked` stands there.
    chunked: usize,
    /// Whether it stands there last.
    ends_chunked: bool,
}

impl Codings {
    fn add(&mut self, value: &[u8]) -> Result<(), BadHead> {
        self.any = true;
        for coding in value.split(|byte| *byte == b',').map(trim) {
            if coding.is_empty() {
                return Err(BadHead::Malformed("transfer-encoding names nothing"));
            }
            self.ends_chunked = coding.eq_ignore_ascii_case(b"chunked");
            self.chunked += usize::from(self.ends_chunked);
            self.foreign |= !self.ends_chunked;
        }
        Ok(())
    }

    fn are_decoded(&self) -> Result<(), BadHead> {
        match self {
            Self { ends_chunked: false, .. } => {
                Err(BadHead::Malformed("the last transfer coding is not chunked")) // RFC 9112 §6.3
            }
            Self { chunked: 2.., .. } => Err(BadHead::Malformed("chunked more than once")),
            Self { foreign: true, .. } => Err(BadHead::Coding),
            Self { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits { bytes: 1000, fields: 4 };

    fn read(fields: &str) -> Result<BodyLength, BadHead> {
        check(format!("POST /mcp HTTP/1.1\r\nHost: a\r\n{fields}\r\n").as_bytes(), LIMITS)
    }

    #[test]
    fn the_bodys_end_is_read_from_one_length_or_from_chunked_alone() {
        for (fields, expected) in [
            ("", BodyLength::Bytes(0)),
            ("Content-Length: 5\r\n", BodyLength::Bytes(5)),
            ("content-length:\t005 \r\n", BodyLength::Bytes(5)),
            ("Transfer-Encoding: chunked\r\n", BodyLength::Chunked),
            ("TRANSFER-ENCODING:CHUNKED\t\r\n", BodyLength::Chunked),
            ("X-Content-Length: x\r\nX: Transfer-Encoding: gzip\r\n", BodyLength::Bytes(0)),
        ] {
            assert_eq!(read(fields), Ok(expected), "{fields:?}");
        }
        let blank = check(b"\r\n\r\nGET * HTTP/1.0\r\n\r\n", LIMITS);
        assert_eq!(blank, Ok(BodyLength::Bytes(0)), "empty lines before the request line are skipped");
    }

    #[test]
    fn an_end_in_doubt_is_malformed() {
        for fields in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\nContent-Length: 0\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: -5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5 5\r\n",
            "Content-Length:\r\n",
            "Content-Length: 18446744073709551616\r\n",
            "Content-Length: 18446744073709551615\r\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding: ,chunked\r\n",
            "Transfer-Encoding: chunked,\r\n",
            "Transfer-Encoding: gzip\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: chunked, gzip\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked;q=1\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: \"chunked\"\r\n",
            "Transfer-Encoding: \x0bchunked\r\n",
            "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding\t: chunked\r\n",
            " Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding:\r\n chunked\r\n",
            "X: a\r\n\tb\r\n",
            "X: a\0b\r\n",
            "X\0: a\r\n",
            "X: a\rTransfer-Encoding: chunked\r\n",
            "X: a\r\r\n",
            "X\r\n",
            ": a\r\n",
        ] {
            assert!(matches!(read(fields), Err(BadHead::Malformed(_))), "{fields:?}: {:?}", read(fields));
        }
        let old = check(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", LIMITS);
        assert!(matches!(old, Err(BadHead::Malformed(_))));
    }

    #[test]
    fn a_coding_that_is_not_decoded_is_told_apart_from_a_malformed_head() {
        for fields in [
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: gzip,\tCHUNKED\r\n",
            "Transfer-Encoding: identity, chunked\r\n",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: deflate;q=1, chunked\r\n",
        ] {
            assert_eq!(read(fields), Err(BadHead::Coding), "{fields:?}");
        }
    }

    #[test]
    fn request_line_is_three_words_with_one_space_between() {
        for line in [
            "POST  / HTTP/1.1",
            "POST / HTTP/1.1 ",
            " POST / HTTP/1.1",
            "POST\t/ HTTP/1.1",
            "POST /",
            "P(ST / HTTP/1.1",
            "POST /\x7f HTTP/1.1",
            "POST http:/// HTTP/1.1",
            "POST / HTTP/1.2",
            "POST / http/1.1",
            "PRI * HTTP/2.0",
        ] {
            let read = check(format!("{line}\r\n\r\n").as_bytes(), LIMITS);
            assert!(matches!(read, Err(BadHead::Malformed(_))), "{line:?}: {read:?}");
        }
    }

    #[test]
    fn limits_are_those_that_were_set_and_one_more_is_too_much() {
        assert_eq!(read("A: a\r\nB: b\r\nC: c\r\n"), Ok(BodyLength::Bytes(0)));
        assert_eq!(read("A: a\r\nB: b\r\nC: c\r\nD: d\r\n"), Err(BadHead::Fields(4)));
        let fits = 1000 - "POST /mcp HTTP/1.1\r\nHost: a\r\nA: \r\n\r\n".len();
        assert_eq!(read(&format!("A: {}\r\n", "a".repeat(fits))), Ok(BodyLength::Bytes(0)));
        assert_eq!(read(&format!("A: {}\r\n", "a".repeat(fits + 1))), Err(BadHead::Bytes(1000)));
    }
}
