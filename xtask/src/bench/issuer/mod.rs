//! `cargo xtask bench issuer`: the built-in issuer on each store, asked over real sockets; and what clients and grants weigh.
//!
//! In reading order: `options`, `rows` (what is asked), `clock` (how it is measured), `weight` (clients and grants), `table`, `page` (the document), `run`.

mod clock;
mod options;
mod page;
mod rows;
mod run;
mod table;
mod weight;

pub(super) use run::run;
pub(crate) use run::smoke;
