//! Issuers, their metadata and their keys, over real sockets: which are found, which are believed, and what an
//! issuer that is slow, down, wrong or hostile costs (SECURITY.md K01 to K22, T03, T17, T30).

mod trust;

mod algorithms;
mod discovery;
mod issuers;
mod outage;
mod rotation;
mod set;
