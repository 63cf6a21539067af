//! The book and README tell the truth: the book builds, links lead somewhere, every block of code is compiled, parsed
//! or run by something, and the reference is that of the configuration's types.

mod blocks;
mod builds;
mod commands;
mod compile_errors;
mod keys;
mod links;
mod markdown;
mod mcp_toml;
mod project;
mod providers;
mod reference;
mod symptoms;
mod versions;
