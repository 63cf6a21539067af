//! What operators see of a running server.

pub mod log;
