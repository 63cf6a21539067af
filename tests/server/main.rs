//! Whole-server tests over real sockets, named by rule. One binary, a file per theme; `everything` is the
//! server most of them run against.

mod authorization_server;
mod browser;
mod everything;
mod process;

mod attacks;
mod challenges;
mod every_message;
mod http;
mod keys;
mod login;
mod metadata;
mod same_verdict;
mod startup;
mod stdio;
mod tokens;
mod wire;
