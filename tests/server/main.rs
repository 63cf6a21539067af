//! Whole-server tests over real sockets, named by rule. One binary, a file per theme; `everything` is the
//! server most of them run against.

mod authorization_server;
mod everything;

mod challenges;
mod keys;
mod tokens;
