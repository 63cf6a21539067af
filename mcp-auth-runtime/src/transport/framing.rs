//! Where each head and each body begins and ends on a connection (RFC 9112 §6), whatever is pipelined and however it is
//! sliced: hyper is given whole heads that were checked, and nothing of one that was not.
//!
//! The part of a head that has come is held back until the rest is here. In place of a bad head, and of all that follows,
//! hyper gets a request that only stands for it: so the requests before it are answered first, and the refusal is an
//! answer like every other, after which the connection closes. It cannot be mistaken: `Progress` counts the heads that
//! passed, and a request without one is refused.

use bytes::{Buf, BytesMut};
use tokio::io::ReadBuf;

use super::chunks::{Chunks, Followed};
use super::head::{BadHead, BodyLength, HeadLimits, check};

/// Stands for a head that is refused.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";

/// Follows what arrives on one connection.
#[derive(Debug)]
pub(super) struct Framing {
    limits: HeadLimits,
    place: Place,
    line: Line,
    /// What came and was not passed on yet.
    held: BytesMut,
    /// How many bytes of `held` may be passed on; what follows them is the beginning of a head.
    whole: usize,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    Body(u64),
    Chunks(Chunks),
    /// A head was refused: nothing is read any more.
    Refused,
    /// A body broke the rules: reading fails, and so does that body.
    Broken,
}

/// What may be read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MayRead {
    More,
    Nothing,
    Fails,
}

/// What came of bytes: each head that ended in them, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// How many of the bytes may be passed on from where they are; the rest is held.
    pub(super) passed: usize,
    /// How many heads were checked and found good.
    pub(super) heads: u32,
    /// Then came a bad one.
    pub(super) refused: Option<BadHead>,
}

impl Framing {
    pub(super) fn new(limits: HeadLimits) -> Self {
        Self { limits, place: Place::Head, line: Line::default(), held: BytesMut::new(), whole: 0 }
    }

    /// Whether a head has begun and is not whole.
    pub(super) fn is_in_head(&self) -> bool {
        self.place == Place::Head && self.held.len() > self.whole
    }

    pub(super) fn may_read(&self) -> MayRead {
        match self.place {
            Place::Head | Place::Body(_) | Place::Chunks(_) => MayRead::More,
            Place::Refused => MayRead::Nothing,
            Place::Broken => MayRead::Fails,
        }
    }

    /// Passes on what is held and may go. Answers whether there was any.
    pub(super) fn deliver(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let some = self.whole.min(buffer.remaining());
        buffer.put_slice(&self.held[..some]);
        self.held.advance(some);
        self.whole -= some;
        some > 0
    }

    /// Takes the next bytes. Everything that may be delivered has been.
    pub(super) fn take(&mut self, read: &[u8]) -> Seen {
        debug_assert_eq!(self.whole, 0, "deliver comes first");
        let mut seen = Seen::default();
        if self.held.is_empty() {
            seen.passed = self.follow(read, 0, &mut seen);
            match self.place {
                Place::Head => self.held.extend_from_slice(&read[seen.passed..]),
                Place::Refused => {
                    self.held.extend_from_slice(STAND_IN);
                    self.whole = STAND_IN.len();
                }
                Place::Body(_) | Place::Chunks(_) | Place::Broken => {}
            }
            return seen;
        }
        let mut held = std::mem::take(&mut self.held);
        let known = held.len();
        held.extend_from_slice(read);
        self.whole = self.follow(&held, known, &mut seen);
        match self.place {
            Place::Refused => {
                held.truncate(self.whole);
                held.extend_from_slice(STAND_IN);
                self.whole = held.len();
            }
            Place::Broken => held.truncate(self.whole),
            Place::Head | Place::Body(_) | Place::Chunks(_) => {}
        }
        self.held = held;
        seen
    }

    /// Follows `bytes`, of which the first `at` are known to begin a head. Answers how many may be passed on.
    fn follow(&mut self, bytes: &[u8], mut at: usize, seen: &mut Seen) -> usize {
        let mut begin = 0; // of the head that is read
        while at < bytes.len() {
            match &mut self.place {
                Place::Head => {
                    let bad = match self.line.end_of_head(&bytes[at..]) {
                        Ok(Some(length)) => {
                            at += length;
                            match check(&bytes[begin..at], self.limits) {
                                Ok(body) => {
                                    seen.heads += 1;
                                    self.place = Place::of(body);
                                    begin = at;
                                    continue;
                                }
                                Err(bad) => bad,
                            }
                        }
                        Ok(None) if bytes.len() - begin < self.limits.bytes => return begin,
                        Ok(None) => BadHead::Bytes(self.limits.bytes),
                        Err(bad) => bad,
                    };
                    seen.refused = Some(bad);
                    self.place = Place::Refused;
                    return begin;
                }
                Place::Body(left) => {
                    let here = u64::try_from(bytes.len() - at).unwrap_or(u64::MAX).min(*left);
                    *left -= here;
                    at += usize::try_from(here).unwrap_or(usize::MAX); // at most what is here
                    if *left == 0 {
                        self.place = Place::Head;
                    }
                }
                Place::Chunks(chunks) => match chunks.follow(&bytes[at..]) {
                    Followed::All => at = bytes.len(),
                    Followed::EndedAt(length) => {
                        at += length;
                        self.place = Place::Head;
                    }
                    Followed::BrokenAt(length) => {
                        self.place = Place::Broken;
                        return at + length;
                    }
                },
                Place::Refused | Place::Broken => return begin,
            }
            begin = at;
        }
        begin
    }
}

impl Place {
    fn of(body: BodyLength) -> Self {
        match body {
            BodyLength::Bytes(0) => Self::Head,
            BodyLength::Bytes(length) => Self::Body(length),
            BodyLength::Chunked => Self::Chunks(Chunks::new()),
        }
    }
}

/// The line of a head that is read, over any slicing.
#[derive(Debug, Default)]
struct Line {
    bytes: usize,
    last: u8,
    /// Whether a line with something in it came before. Until then empty ones are skipped.
    begun: bool,
}

impl Line {
    /// How many of these bytes end the head; `None` where it goes on. A line ends in CR LF: RFC 9112 §2.2 lets a server
    /// take a bare LF, and does not say that the proxy in front takes it.
    fn end_of_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, BadHead> {
        let mut at = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[at..]) {
            let last = length.checked_sub(1).map_or(self.last, |before| bytes[at + before]);
            let line = self.bytes + length;
            if line == 0 || last != b'\r' {
                return Err(BadHead::Malformed("a line that ends in a bare LF"));
            }
            at += length + 1;
            self.bytes = 0;
            match (line == 1, self.begun) {
                (true, true) => {
                    self.begun = false;
                    return Ok(Some(at));
                }
                (true, false) => {}
                (false, _) => self.begun = true,
            }
        }
        self.bytes += bytes.len() - at;
        self.last = bytes.last().copied().unwrap_or(self.last);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits { bytes: 200, fields: 10 };

    /// What hyper gets of `sent`, cut into slices, how many heads passed, and what was refused.
    fn passed(slices: &[&[u8]]) -> (String, u32, Option<BadHead>, MayRead) {
        let mut framing = Framing::new(LIMITS);
        let (mut out, mut heads, mut refused) = (Vec::new(), 0, None);
        for slice in slices {
            if framing.may_read() != MayRead::More {
                break;
            }
            let seen = framing.take(slice);
            out.extend_from_slice(&slice[..seen.passed]);
            heads += seen.heads;
            refused = refused.or(seen.refused);
            loop {
                let mut room = [0; 7];
                let mut room = ReadBuf::new(&mut room);
                if !framing.deliver(&mut room) {
                    break;
                }
                out.extend_from_slice(room.filled());
            }
        }
        (String::from_utf8(out).unwrap(), heads, refused, framing.may_read())
    }

    /// Every cut into two, every cut into three where it is short, and byte by byte.
    fn in_every_slicing(sent: &str, check: impl Fn(&[&[u8]])) {
        let sent = sent.as_bytes();
        check(&[sent]);
        check(&sent.chunks(1).collect::<Vec<_>>());
        for first in 0..sent.len() {
            check(&[&sent[..first], &sent[first..]]);
            for second in (first..sent.len()).step_by(7) {
                check(&[&sent[..first], &sent[first..second], &sent[second..]]);
            }
        }
    }

    const GOOD: [&str; 4] = [
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /b HTTP/1.1\r\nContent-Length: 32\r\n\r\nGET / HTTP/1.1\nContent-Length:\r\n",
        "\r\nPOST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n0\r\n\r\nGE\r\n0;x\r\nT: t\r\n\r\n",
        "POST /d HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    ];

    #[test]
    fn a_pipelined_pair_passes_unaltered_at_every_cut() {
        for first in GOOD {
            for second in GOOD {
                let pair = format!("{first}{second}");
                in_every_slicing(&pair, |slices| {
                    let expected = (pair.clone(), 2, None, MayRead::More);
                    assert_eq!(passed(slices), expected, "{slices:?}");
                });
            }
        }
    }

    #[test]
    fn a_bad_head_behind_a_good_request_is_refused_at_every_cut_and_nothing_of_it_passes() {
        let bad = [
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", true),
            ("GET / HTTP/1.1\nHost: a\n\n", false),
            ("\nGET / HTTP/1.1\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", false),
            ("GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nX: \0\r\n\r\n", false),
        ];
        for good in GOOD {
            for (bad, is_coding) in bad {
                in_every_slicing(&format!("{good}{bad}{}", GOOD[0]), |slices| {
                    let (out, heads, refused, may_read) = passed(slices);
                    assert_eq!(out, format!("{good}{}", str::from_utf8(STAND_IN).unwrap()), "{slices:?}");
                    assert_eq!((heads, may_read), (1, MayRead::Nothing), "{slices:?}");
                    assert_eq!(refused == Some(BadHead::Coding), is_coding, "{slices:?}: {refused:?}");
                    assert!(refused.is_some());
                });
            }
        }
    }

    #[test]
    fn a_head_without_end_is_refused_at_the_limit() {
        for sent in [format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(300)), "\r\n".repeat(150)] {
            in_every_slicing(&sent, |slices| {
                let (out, heads, refused, _) = passed(slices);
                assert_eq!((out.as_bytes(), heads, refused), (STAND_IN, 0, Some(BadHead::Bytes(200))));
            });
        }
    }

    #[test]
    fn a_broken_chunk_fails_its_body_and_nothing_behind_it_passes() {
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (good, bad) in
            [("4\r\nping", "\n0\r\n\r\n"), ("0\r\nX: a", "\n\r\n"), ("", "\r\n"), ("4;a", "\nping")]
        {
            in_every_slicing(&format!("{head}{good}{bad}{}", GOOD[0]), |slices| {
                let expected = (format!("{head}{good}"), 1, None, MayRead::Fails);
                assert_eq!(passed(slices), expected, "{slices:?}");
            });
        }
    }
}
