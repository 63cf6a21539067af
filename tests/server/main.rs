//! Whole-server tests over real sockets, named by rule. One binary, a file per theme; `everything` is the
//! server most of them run against.

mod browser;
mod everything;
mod process;

mod challenges;
mod login;
mod same_verdict;
mod startup;
mod stdio;
