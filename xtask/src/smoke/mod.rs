//! The todos example as a user starts it: the real binary, real sockets, real pipes.

mod check;
mod http;
mod readme;
mod stdio;

pub(crate) use check::check;
