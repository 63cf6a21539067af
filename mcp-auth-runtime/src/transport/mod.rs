//! How messages reach the server.

#[cfg(feature = "stdio")]
pub mod stdio;
