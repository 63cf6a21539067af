//! How bytes come in and answers go out, and everything that is settled before the gate asks who the caller
//! is. Over HTTP a request walks these in order: `http` (the listener: one task per connection, its cap in
//! `connections`, its clocks in `timed_io`, its framing in `framing`, a handler's panic in `panic`), `host`,
//! `origin`, `cors`, `routes` (the built-in issuer's behind `peer`), and, once the gate asks for the body, `limits`. What each of them
//! says when the answer is no is an `answer::Rejection`. `shutdown` is the order in which a server stops. `stdio` is the other way in.

pub mod shutdown;
pub mod stdio;

mod connections;
pub mod cors;
mod framing;
pub mod host;
pub mod http;
pub mod limits;
pub mod origin;
pub mod panic;
pub mod peer;
pub mod routes;
#[cfg(test)]
mod tests;
mod timed_io;
