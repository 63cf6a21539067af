//! The gate over pipes, with a client at their other end. `support` is both ends.

mod decides;
mod ends;
mod reads;
mod support;
