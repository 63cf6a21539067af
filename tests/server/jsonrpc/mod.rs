//! JSON-RPC and MCP (rows J01 to J32 and J39 of docs/src/threats.md): what the gate and dispatch answer to a
//! message that is broken, ambiguous, contradicted by its headers, or names something that is not there.

mod ask;

mod echoes;
mod headers;
mod kinds;
mod lists;
mod names;
mod text;
mod tools;
