//! `cargo xtask kills`: a whole issuer is killed (`kill -9`) at random moments while clients redeem codes and refresh, and started again on
//! the same store. What it had acknowledged must be there, and nothing may have been used twice.
//!
//! In reading order: `options`, `random` (by a seed), `ledger` (what one client was told), `load` (what a client does),
//! `settle` (what it looks for after a kill), `run`.

mod ledger;
mod load;
mod options;
mod random;
mod run;
mod settle;

pub(crate) use run::{a_few, run};
