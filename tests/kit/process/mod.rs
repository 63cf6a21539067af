//! A program as a separate process: serving over HTTP, serving its standard streams, or ending.

mod launch;
mod pipe;

#[cfg(unix)]
pub use launch::signal;
pub use launch::{Ended, Launch, Socket, listening, private};
pub use pipe::{Pipe, refusal, text};
