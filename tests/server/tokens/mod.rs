//! What a token must be, over HTTP on every protocol revision (rows T01 to T73 of docs/src/threats.md). Each row has
//! a token that is served next to those that are not; no tool runs for a refused one, public tools included.

mod bench;

mod claims;
mod header;
mod names;
mod parties;
mod prefix;
mod scopes;
mod signature;
mod times;
mod whose;
