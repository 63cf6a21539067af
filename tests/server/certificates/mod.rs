//! Tokens that are bound to a certificate of their client (RFC 8705), over real sockets: `bench` (an issuer, a server behind a proxy),
//! `passed_on` (what the proxy's header says, and what is refused of it), `bound` (which tokens are served with which certificate), `metadata` (what is said of it),
//! `start` (which configurations do not start).

mod bench;
mod bound;
mod metadata;
mod passed_on;
mod start;
