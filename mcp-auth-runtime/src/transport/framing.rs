//! Two framings in one request: `Content-Length` beside `Transfer-Encoding` (RFC 9112 §6.1).
//!
//! hyper follows `Transfer-Encoding`, drops the other header and closes the connection afterwards, as the
//! RFC allows. A request that two parsers may cut differently is an attack or a fault, so it is refused; as
//! hyper's headers no longer show it, the head is looked at as it arrives.

/// Reads heads as they come in, in any slicing, and remembers which framing headers each had.
#[derive(Debug, Default)]
pub(super) struct HeadScan {
    start: [u8; LONGEST],
    start_len: usize,
    any_line: bool,
    content_length: bool,
    transfer_encoding: bool,
    complete: bool,
}

/// What a complete head said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// At most one of the two headers.
    Clear,
    /// Both `Content-Length` and `Transfer-Encoding`: where the body ends is not certain.
    Ambiguous,
}

const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:"; // no space may stand before the colon
const CONTENT_LENGTH: &[u8] = b"content-length:";
const LONGEST: usize = TRANSFER_ENCODING.len();

impl HeadScan {
    /// Takes the next bytes of a head. Answers once, at the empty line that ends the head; what follows is
    /// body and is not looked at until the scan is replaced by a new one.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Option<Framing> {
        if self.complete {
            return None;
        }
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend_line(&bytes[..end]);
            bytes = &bytes[end + 1..];
            if self.end_line() {
                self.complete = true;
                let both = self.content_length && self.transfer_encoding;
                return Some(if both { Framing::Ambiguous } else { Framing::Clear });
            }
        }
        self.extend_line(bytes);
        None
    }

    fn extend_line(&mut self, bytes: &[u8]) {
        let taken = bytes.len().min(LONGEST - self.start_len);
        self.start[self.start_len..self.start_len + taken].copy_from_slice(&bytes[..taken]);
        self.start_len += taken;
    }

    /// Whether this line ended the head. Empty lines before the request line are skipped (RFC 9112 §2.2).
    fn end_line(&mut self) -> bool {
        let line = &self.start[..self.start_len];
        let starts = |name: &[u8]| line.len() >= name.len() && line[..name.len()].eq_ignore_ascii_case(name);
        self.content_length |= starts(CONTENT_LENGTH);
        self.transfer_encoding |= starts(TRANSFER_ENCODING);
        let empty = matches!(line, b"" | b"\r");
        self.start_len = 0;
        let ended = empty && self.any_line;
        self.any_line |= !empty;
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(head: &str, slice: usize) -> Option<Framing> {
        let mut scan = HeadScan::default();
        let mut seen = head.as_bytes().chunks(slice).filter_map(|bytes| scan.feed(bytes));
        let first = seen.next();
        assert_eq!(seen.next(), None, "one answer per head");
        first
    }

    #[test]
    fn both_framing_headers_are_seen_in_any_order_case_and_slicing() {
        let heads = [
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0",
            "POST / HTTP/1.1\ntransfer-encoding:chunked\ncontent-length:5\n\n",
            "\r\n\r\nPOST / HTTP/1.1\r\nTRANSFER-ENCODING: x\r\nCONTENT-LENGTH: 5\r\n\r\n",
        ];
        for head in heads {
            for slice in [1, 2, 7, 4096] {
                assert_eq!(framing(head, slice), Some(Framing::Ambiguous), "{head:?} by {slice}");
            }
        }
    }

    #[test]
    fn one_framing_header_is_clear_and_the_body_is_not_read_as_headers() {
        let heads = [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 40\r\n\r\n\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX: Content-Length: 5\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-Content-Length: 5\r\n\r\n",
        ];
        for head in heads {
            for slice in [1, 3, 4096] {
                assert_eq!(framing(head, slice), Some(Framing::Clear), "{head:?} by {slice}");
            }
        }
    }

    #[test]
    fn an_unfinished_head_has_no_answer() {
        assert_eq!(framing("POST / HTTP/1.1\r\nContent-Length: 5\r\n", 4096), None);
    }
}
