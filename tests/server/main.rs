//! Whole-server tests over real sockets, named by rule. One binary, a file per theme; `everything` is the
//! server most of them run against, `talks` one whose operations take more than one message, `wire` a client
//! that reads answers as they come.

mod everything;
mod talks;
mod wire;

mod challenges;
mod credentials;
mod embedding;
mod mixed;
mod protocol;
mod sessions;
mod shutdown;
