//! What every file of the repository must be like. In reading order: `check` (the step), `files` (files in any
//! language), `rust` (a source file, read), `contents` (a `mod.rs` holds no code), `arrows` (which folder may read
//! which), `crates` (which crate may read which), `named` (tests that pages of the book name), `threats` (each row of the threat list has a test), `requirements`
//! (so has each requirement of the extensions that are listed), `compiled` (which feature compiles
//! what).

mod arrows;
mod check;
mod compiled;
mod contents;
mod crates;
mod files;
mod named;
mod requirements;
mod rust;
mod threats;

pub(crate) use check::check;
