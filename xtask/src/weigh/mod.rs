//! `cargo xtask weigh`: what a server costs to build, to keep and to start, beside one of bare rmcp with the same profile.
//!
//! In reading order: `run`, `project` (what is built), `measure` (how), `page` (the document).

mod measure;
mod page;
mod project;
mod run;

pub(crate) use run::run;
