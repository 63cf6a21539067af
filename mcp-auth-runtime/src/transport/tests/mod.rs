//! The listener and its layers over real sockets: every request is bytes as an attacker would write them.

mod bodies;
mod connections;
mod heads;
mod layers;
mod stopping;
mod support;
