//! Sessions of revisions before 2026-07-28: whose they are, how many there are, and when their streams end.

pub mod legacy;

mod count;
mod owner;
mod shares;
pub mod stored;
pub mod streams;
