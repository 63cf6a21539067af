//! The tests of `tests/issuer` once more, on a store in a SQLite file: whatever an endpoint relies on, this store does too. Left out is what
//! asks the store nothing, or is about one in memory.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// What only the modules use that are left out.
#![allow(dead_code)]

/// Where the store of each test is.
pub(crate) const ON_SQLITE: bool = true;

#[path = "../issuer/account.rs"]
mod account;
#[path = "../issuer/accounts.rs"]
mod accounts;
#[path = "../issuer/assertions.rs"]
mod assertions;
#[path = "../issuer/authenticator.rs"]
mod authenticator;
#[path = "../issuer/bridge.rs"]
mod bridge;
#[path = "../issuer/bridge_refresh.rs"]
mod bridge_refresh;
#[path = "../issuer/bridge_tools.rs"]
mod bridge_tools;
#[path = "../issuer/client_auth.rs"]
mod client_auth;
#[path = "../issuer/code_grant.rs"]
mod code_grant;
#[path = "../issuer/confirm.rs"]
mod confirm;
#[path = "../issuer/confused_deputy.rs"]
mod confused_deputy;
#[path = "../issuer/consent.rs"]
mod consent;
#[path = "../issuer/denied.rs"]
mod denied;
#[path = "../issuer/device.rs"]
mod device;
#[path = "../issuer/device_limits.rs"]
mod device_limits;
#[path = "../issuer/dpop.rs"]
mod dpop;
#[path = "../issuer/exchange.rs"]
mod exchange;
#[path = "../issuer/flow.rs"]
mod flow;
#[path = "../issuer/fresh.rs"]
mod fresh;
#[path = "../issuer/harness.rs"]
mod harness;
#[path = "../issuer/introspection.rs"]
mod introspection;
#[path = "../issuer/key_auth.rs"]
mod key_auth;
#[path = "../issuer/keys.rs"]
mod keys;
#[path = "../issuer/managed.rs"]
mod managed;
#[path = "../issuer/other_login.rs"]
mod other_login;
#[path = "../issuer/outage.rs"]
mod outage;
#[path = "../issuer/own_login.rs"]
mod own_login;
#[path = "../issuer/passkey_factors.rs"]
mod passkey_factors;
#[path = "../issuer/passkeys.rs"]
mod passkeys;
#[path = "../issuer/people.rs"]
mod people;
#[path = "../issuer/pushed.rs"]
mod pushed;
#[path = "../issuer/races.rs"]
mod races;
#[path = "../issuer/refresh.rs"]
mod refresh;
#[path = "../issuer/registration.rs"]
mod registration;
#[path = "../issuer/remembered.rs"]
mod remembered;
#[path = "../issuer/removed_clients.rs"]
mod removed_clients;
#[path = "../issuer/replicas.rs"]
mod replicas;
#[path = "../issuer/revocation.rs"]
mod revocation;
#[path = "../issuer/site.rs"]
mod site;
#[path = "../issuer/strength.rs"]
mod strength;
#[path = "../issuer/told.rs"]
mod told;
#[path = "../issuer/upstream.rs"]
mod upstream;
#[path = "../issuer/withdrawn.rs"]
mod withdrawn;
#[path = "../issuer/witness.rs"]
mod witness;
