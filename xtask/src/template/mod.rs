//! The template as a stranger meets it: every variant, made by cargo-generate and by `mcp-auth new` alike, formatted,
//! without a warning, tested, started.
//!
//! In reading order: `variant` (which there are, and how each is made), `generator` (where cargo-generate comes
//! from), `tree` (directories compared and copied), `workspace` (all variants built as one), `serve` (started and
//! called), `for_others` (the built-in issuer of the production file, started).

mod check;
mod for_others;
mod generator;
mod serve;
mod tree;
mod variant;
mod workspace;

pub(crate) use check::check;
