//! How bytes come in and answers go out, and everything that is settled before anybody asks who the caller
//! is. Over HTTP a request walks these in order: `http` (the listener: one task per connection, its cap in
//! `connections`, its clocks in `timed_io`, its framing in `framing`, a handler's panic in `panic`), `host`,
//! `origin`, `cors`, `routes` (the built-in issuer's behind `peer`), and, once the gate asks for the body, `limits`. `refusal` is what each of them
//! says when the answer is no. `shutdown` is the order in which a server stops. `stdio` is the other way in.

pub mod shutdown;
#[cfg(feature = "stdio")]
pub mod stdio;

#[cfg(feature = "http")]
mod connections;
#[cfg(feature = "http")]
pub mod cors;
#[cfg(feature = "http")]
mod framing;
#[cfg(feature = "http")]
pub mod host;
#[cfg(feature = "http")]
pub mod http;
#[cfg(all(test, feature = "http"))]
mod http_tests;
#[cfg(feature = "http")]
pub mod limits;
#[cfg(feature = "http")]
pub mod origin;
#[cfg(feature = "http")]
pub mod panic;
#[cfg(feature = "http")]
pub mod peer;
#[cfg(feature = "http")]
pub mod refusal;
#[cfg(feature = "http")]
pub mod routes;
#[cfg(feature = "http")]
mod timed_io;
