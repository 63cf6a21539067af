//! Certificates, over real sockets. Tokens that are bound to one of their client (RFC 8705): `bench` (an issuer, a server behind a proxy),
//! `passed_on` (what the proxy's header says, and what is refused of it), `bound` (which tokens are served with which certificate), `metadata` (what is said of it),
//! `start` (which configurations do not start). TLS in the server's process: `authority` (who issues certificates here), `encrypted` (a server that
//! speaks TLS, and its clients), `handshake` (who gets through), `shown` (tokens that are bound to what a client shows), `reload` (new files while it runs), `tls_start` (which
//! files do not start).

pub(crate) mod authority;
pub mod bench;
mod bound;
mod encrypted;
mod handshake;
mod metadata;
mod passed_on;
mod reload;
mod shown;
mod start;
mod tls_start;
