//! Whole-server tests over real sockets, named by rule. One binary, a file per theme; `everything` is the
//! server most of them run against.

mod authorization_server;
mod browser;
mod everything;
mod process;

mod challenges;
mod keys;
mod login;
mod same_verdict;
mod startup;
mod stdio;
mod tokens;
