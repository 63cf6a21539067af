//! Thousands of generated cases against a simple oracle: which credential, in which shape, by which rules of its issuer, for
//! which operation, on which revision, over HTTP and over stdio. In reading order: `seed` (what makes them), `rules` (what an
//! issuer is set to), `credential` (what is presented;
//! `opaque`, what its issuer says of it), `endpoint` (who says it), `oracle` (what should come of it), `operation` (what is asked for),
//! `over_http`, `over_stdio`, `foreseen` (what `mcp-auth check` says before anything starts).
//!
//! `MCP_AUTH_SEED` repeats a run; each run prints its seed.

mod credential;
mod endpoint;
mod foreseen;
mod opaque;
mod operation;
mod oracle;
mod over_http;
mod over_stdio;
mod rules;
pub(crate) mod seed;
