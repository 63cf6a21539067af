//! How bytes come in and answers go out, and everything that is settled before the gate asks who the caller
//! is. Over HTTP a request walks these in order: `http` (the listener: one task per connection, its cap in
//! `connections`, TLS, if there is some, in `encryption` and `tls`, its clocks in `timed_io` and `timed_write`, the framing in `framing`: `head`, `chunks`), `place` (its id; a handler's panic in `panic`), `host`,
//! `origin` (both `before` a route), `cors`, `routes` (the built-in issuer's behind `peer`), and, once the gate asks, `client_address` (where it
//! comes from, behind trusted proxies), `client_certificate` (which one its client showed) and `limits` (the body). What each of them
//! says when the answer is no is an `answer::Rejection`. `shutdown` is the order in which a server stops. `stdio` is the other way in.

pub(crate) mod shutdown;
pub(crate) mod stdio;

pub(crate) mod before;
mod chunks;
pub(crate) mod client_address;
pub(crate) mod client_certificate;
mod connections;
pub(crate) mod cors;
pub(crate) mod encryption;
mod framing;
mod head;
pub(crate) mod host;
pub(crate) mod http;
pub(crate) mod limits;
pub(crate) mod origin;
mod panic;
pub(crate) mod peer;
pub(crate) mod place;
pub(crate) mod routes;
#[cfg(test)]
mod tests;
mod timed_io;
#[cfg(feature = "tls")]
mod timed_write;
#[cfg(feature = "tls")]
pub(crate) mod tls;
