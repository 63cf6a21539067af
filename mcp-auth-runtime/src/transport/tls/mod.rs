//! TLS in this process. In reading order: `material` (certificate, key and authorities, from text to what a handshake needs),
//! `any_client` (the certificates of clients whose issuer does not count), `acceptor` (a handshake on one connection).
//!
//! Everything is rustls on aws-lc-rs: TLS 1.3 and 1.2, HTTP/1.1 alone.

mod acceptor;
mod any_client;
mod material;

pub(crate) use acceptor::TlsAcceptor;
pub(crate) use material::{Clients, TlsConfig, TlsMaterial};
