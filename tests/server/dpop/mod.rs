//! Tokens that are bound to a key of their client (DPoP, RFC 9449), over real sockets: `bench` (an issuer, a server, a client
//! that proves its key), `good` (what is served), `broken` (proofs that are refused, each with its answer), `nonces` (the server's nonces, and proofs that come twice), `schemes` (what
//! challenges and metadata offer), `start` (which configurations do not start).

pub mod bench;
mod broken;
mod good;
mod nonces;
mod schemes;
mod start;
