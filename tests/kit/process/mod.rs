//! A program as a process of its own: serving over HTTP, serving its standard streams, or on its way out.

mod launch;
mod pipe;

#[cfg(unix)]
pub use launch::signal;
pub use launch::{Ended, Launch, Socket, listening, private};
pub use pipe::{Pipe, refusal, text};
