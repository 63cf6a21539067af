//! What README and the book print is run, as it is printed: a page at a time, in a separate network namespace where the
//! system has them, so that port 8080 is free for it even if another program uses that port.

mod check;
mod page;
mod program;
mod script;

pub(crate) use check::check;
