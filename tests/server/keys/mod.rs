//! Issuers, their metadata and their keys, over real sockets: which are found, which are believed, and what an
//! issuer that is slow, down, wrong or hostile costs (rows K01 to K22, T03, T15, T17 and T30 of docs/src/threats.md).

pub mod trust;

mod algorithms;
mod discovery;
mod issuers;
mod outage;
mod plain_http;
mod rotation;
mod set;
