//! Thousands of generated cases of tokens that are bound, to a key (DPoP, RFC 9449), to a client certificate (RFC 8705), to both
//! or to what nobody here knows, against an oracle that shares no code with the server. In reading order: `settings` (what the
//! issuers of a server are set to), `case` (a token, and how it comes), `oracle` (what should come of it), `served` (a server, its
//! issuers, and the client's keys), `sent` (a request and its answer), `decided` (the cases).
//!
//! `MCP_AUTH_SEED` repeats a run; each run prints its seed.

mod case;
mod decided;
mod oracle;
mod sent;
mod served;
mod settings;
