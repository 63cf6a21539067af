//! Tests the issuer from outside, through its router, as clients and browsers use it. Test names state the rule;
//! labels such as `p18` and `b06` are rows of docs/src/threats.md.
#![allow(clippy::unwrap_used, clippy::expect_used)]

/// Where the store of each test is; `tests/issuer_on_sqlite` runs those that a file could change once more.
pub(crate) const ON_SQLITE: bool = false;

mod account;
mod accounts;
mod assertions;
mod authenticator;
mod authorization;
mod choice;
mod client_auth;
mod code_grant;
mod confirm;
mod consent;
mod denied;
mod device;
mod device_limits;
mod discovery;
mod documents;
mod dpop;
mod events;
mod exchange;
mod factors;
mod flow;
mod fresh;
mod harness;
mod key_auth;
mod keys;
mod machine;
mod managed;
mod named_clients;
mod other_login;
mod outage;
mod own_answers;
mod own_login;
mod passkey_factors;
mod passkeys;
mod people;
mod pushed;
mod races;
mod refresh;
mod registration;
mod remembered;
mod replicas;
mod revocation;
mod site;
mod strength;
mod upstream;
mod withdrawn;
mod witness;
