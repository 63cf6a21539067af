//! Whole-server tests over real sockets, named by rule. One binary, a file per theme; `everything` is the
//! server most of them run against, `wire` writes what no HTTP client would.

mod everything;
mod wire;

mod challenges;
mod every_message;
mod http;
mod jsonrpc;
mod metadata;
