//! `[limits]`: limits on sizes, numbers and times.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::{count, duration, size};

size! {
    /// The longest request body; a longer one gets 413.
    Body: 1 KiB to 64 MiB, default 4 MiB
}
size! {
    /// How much of a body is read before its caller is verified.
    UnverifiedBody: 1 KiB to 1 MiB, default 64 KiB
}
size! {
    /// The longest header section; a longer one gets 431.
    HeaderBytes: 8 KiB to 256 KiB, default 16 KiB
}
count! {
    /// How many header fields a request may have; more get 431.
    Headers: 16 to 1000, default 100
}
count! {
    /// How many connections may be open at once; one more takes the place of a connection that waits.
    Connections: 1 to 100000, default 1024
}
count! {
    /// Most legacy sessions (before 2026-07-28) open at once.
    Sessions: 1 to 100000, default 1000
}
count! {
    /// Most calls of one caller in flight at once; one more gets 429.
    CallerCalls: 1 to 100000, default 512
}
count! {
    /// Most open streams of one caller at once; one more gets 429.
    CallerStreams: 1 to 100000, default 64
}
count! {
    /// Most legacy sessions of one caller at once.
    CallerSessions: 1 to 100000, default 500
}
count! {
    /// Most legacy sessions of callers without a credential at once, where `auth.verify` is "none".
    AnonymousSessions: 0 to 100000, default 0
}
size! {
    /// How much memory the bodies of all requests under way may take.
    Bodies: 1 MiB to 65536 MiB, default 64 MiB
}
count! {
    /// How deep arrays and objects of a message may nest.
    EnvelopeDepth: 8 to 127, default 64
}
count! {
    /// How many values a message may hold, members of objects included.
    EnvelopeValues: 1000 to 10000000, default 100000
}
duration! {
    /// How long a call may take; then it is stopped, and its client is told.
    CallTimeout: 1 s to 7 d, default 1 h
}
duration! {
    /// How long a guard may take; then its call is refused.
    GuardTimeout: 1 s to 1 m, default 5 s
}
size! {
    /// The largest answer of a call, in bytes of JSON.
    Answer: 1 KiB to 1024 MiB, default 64 MiB
}
count! {
    /// How many entries a list shows at once; 0: all of them.
    PageSize: 0 to 10000, default 0
}
duration! {
    /// How long the header section may take to arrive.
    HeaderTimeout: 1 s to 30 s, default 10 s
}
duration! {
    /// How long the body may take to arrive; then 408.
    BodyTimeout: 1 s to 30 s, default 20 s
}
duration! {
    /// How long a connection may stay open without a request.
    IdleTimeout: 1 s to 1 h, default 60 s
}
duration! {
    /// How long a client may take to accept one more byte of its answer; then the connection is closed.
    WriteTimeout: 1 s to 5 m, default 30 s
}
duration! {
    /// How long an answer may send nothing before it becomes an event stream with comment lines.
    Heartbeat: 1 s to 60 s, default 5 s
}
duration! {
    /// How long a legacy session (before 2026-07-28) stays open without a message.
    SessionTimeout: 10 s to 24 h, default 5 m
}
duration! {
    /// How long calls in flight may take to finish once the server stops.
    DrainTimeout: 0 s to 10 m, default 30 s
}

/// Limits on what one server takes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// The longest request body; a longer one gets 413.
    pub body: Body,
    /// How much of a body is read before its caller is verified.
    pub unverified_body: UnverifiedBody,
    /// The longest header section; a longer one gets 431.
    pub header_bytes: HeaderBytes,
    /// How many header fields a request may have; more get 431.
    pub headers: Headers,
    /// How many connections may be open at once. One more takes the place of a connection that waits; if none waits
    /// it is closed. One caller has half of them at most; an eighth is kept for callers who have none, another
    /// (32 at most) for health.
    pub connections: Connections,
    /// Most legacy sessions (before 2026-07-28) open at once. Where all are taken, the caller that has the most gives
    /// one up that was not used for ten seconds; if there is none, a new one gets 503. An eighth is kept for callers
    /// who have none.
    pub sessions: Sessions,
    /// Most legacy sessions of one caller (a subject, with whatever clients) at once: one more takes the place of one of
    /// its own that was not used for ten seconds; if there is none it gets 429.
    pub caller_sessions: CallerSessions,
    /// Most legacy sessions of callers without a credential at once, where `auth.verify` is "none". A caller that
    /// gets none is served without one, and cannot be asked anything by a tool.
    pub anonymous_sessions: AnonymousSessions,
    /// Most calls of one caller (a subject, with whatever clients and tokens) in flight at once; one more gets 429.
    /// Callers without a credential count as one, unless `auth.verify` is "none".
    pub caller_calls: CallerCalls,
    /// Most open streams of one caller at once: `subscriptions/listen`, and GET of a legacy session; one more gets 429.
    pub caller_streams: CallerStreams,
    /// How much memory the bodies of all requests under way may take, until they are answered; one more gets 503. One
    /// caller has half of it at most, and gets 429 for more. At least twice `body`.
    pub bodies: Bodies,
    /// How deep arrays and objects of a message may nest.
    pub envelope_depth: EnvelopeDepth,
    /// How many values a message may hold, members of objects included. Each takes some 30 to 100 bytes of memory,
    /// however short it is written.
    pub envelope_values: EnvelopeValues,
    /// How long a call may take; then it is stopped, and its client is told. A tool may say another time:
    /// `#[tool(timeout = "30s")]`. The default is longer than clients and proxies wait: it ends only what hangs.
    pub call_timeout: CallTimeout,
    /// How long a guard (`guard = …`) may take; then its call is refused.
    pub guard_timeout: GuardTimeout,
    /// The largest answer of a tool, prompt, resource or method, in bytes of JSON; instead of a larger one the client gets
    /// an error that says so.
    pub answer: Answer,
    /// How many entries a list (of tools, prompts, resources and resource templates) shows at once, with a cursor for the rest; 0: all of
    /// them. Pages are in the order of names, and a cursor is its caller's for an hour.
    pub page_size: PageSize,
    /// How long the header section may take to arrive.
    pub header_timeout: HeaderTimeout,
    /// How long the body may take to arrive; then 408.
    pub body_timeout: BodyTimeout,
    /// How long a connection may stay open without a request.
    pub idle_timeout: IdleTimeout,
    /// How long a client may take to accept one more byte of its answer; then the connection is closed.
    pub write_timeout: WriteTimeout,
    /// How long an answer may send nothing before it becomes an event stream with comment lines, for clients that name
    /// `text/event-stream` in `Accept`: proxies cut a connection on which nothing is sent.
    pub heartbeat: Heartbeat,
    /// How long a legacy session (before 2026-07-28) stays open without a message.
    pub session_timeout: SessionTimeout,
    /// How long calls in flight may take to finish once the server stops.
    pub drain_timeout: DrainTimeout,
}
