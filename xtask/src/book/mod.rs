//! What README and the book print is run, as it is printed: a page at a time, on a network of its own where the system
//! has such things, so that port 8080 is free for it whatever else runs.

mod check;
mod page;
mod program;
mod script;

pub(crate) use check::check;
