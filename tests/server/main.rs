//! Whole-server tests over real sockets, named by rule. One binary, a file per theme; `everything` is the
//! server most of them run against, and the first block what they share.

mod authorization_server;
mod browser;
mod everything;
mod process;
mod streams;
mod wire;

mod attacks;
mod challenges;
mod credentials;
mod direct;
mod embedding;
mod every_message;
mod http;
mod jsonrpc;
mod keys;
mod login;
mod metadata;
mod protocol;
mod same_verdict;
mod sessions;
mod shared_store;
mod shutdown;
mod startup;
mod stdio;
mod talks;
mod tokens;
mod visibility;
