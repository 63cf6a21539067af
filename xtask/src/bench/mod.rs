//! `cargo xtask bench`: whole servers, each a separate process, asked in turn in one run, so that what disturbs one
//! disturbs all; written to `docs/src/performance.md`. In reading order: `options`, `rows` (what is compared), `servers`
//! (the processes), `rounds` (the run), `page` (the document); and `issuer`, which is measured by itself.

mod issuer;
mod options;
mod page;
mod rounds;
mod rows;
mod run;
mod servers;

pub(crate) use issuer::smoke as issuer_smoke;
pub(crate) use page::machine;
pub(crate) use run::run;
