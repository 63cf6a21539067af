//! Tests the issuer from outside, through its router, as clients and browsers use it. Test names state the rule;
//! labels such as `p18` and `b06` are rows of docs/src/threats.md.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod account;
mod accounts;
mod assertions;
mod authorization;
mod choice;
mod client_auth;
mod code_grant;
mod confirm;
mod consent;
mod device;
mod device_limits;
mod discovery;
mod documents;
mod dpop;
mod exchange;
mod factors;
mod flow;
mod harness;
mod key_auth;
mod keys;
mod machine;
mod managed;
mod named_clients;
mod outage;
mod pushed;
mod refresh;
mod registration;
mod remembered;
mod replicas;
mod revocation;
mod site;
mod strength;
