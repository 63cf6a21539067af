//! Whole-server tests over real sockets, named by rule. One binary, a file per theme; `everything` is the
//! server most of them run against.

mod everything;
mod wire;

mod challenges;
mod credentials;
mod mixed;
mod sessions;
