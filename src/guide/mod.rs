//! The guide, a chapter each. Every example in it is compiled and run.
//!
//! 1. [`declare`]: who may call what
//! 2. [`arguments`]: what a method takes and answers
//! 3. [`errors`]: what the client learns when something fails, and what only the log does
//! 4. [`configure`]: `mcp.toml`, and what wins over it
//! 5. [`serve`]: HTTP, or a router in an axum application
//! 6. [`stdio`]: the same binary, started by the client
//! 7. [`testing`]: the 401, the 403 and the 200 of your own server

#[doc = include_str!("declare.md")]
pub mod declare {}

#[doc = include_str!("arguments.md")]
pub mod arguments {}

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("configure.md")]
pub mod configure {}

#[doc = include_str!("serve.md")]
pub mod serve {}

#[doc = include_str!("stdio.md")]
pub mod stdio {}

#[doc = include_str!("testing.md")]
pub mod testing {}
