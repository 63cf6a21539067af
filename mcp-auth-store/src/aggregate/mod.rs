//! The aggregates, one file each: the record, the possible outcomes of each step, and the trait.
//!
//! - The issuer's: `clients`, `codes`, `grants`, `consents`, `accounts`, `browser_sessions`, `people`, `known_clients`, `transactions`, `signing_keys`, `device_codes`, `upstream_grants`; `authentication` is what four of them say of a login, `passkeys` is a part of `accounts`.
//! - The runtime's: `sessions`, `tasks`.
//!   `configured_access` is what its configuration gives.
//! - For both: `confirmations`, `counters`, `revocations` (`known_revocations` is what a token says of them), `sealing_keys`, `spent`. Each name of a counter or of a key's purpose belongs to one place in the code.

mod accounts;
mod authentication;
mod browser_sessions;
mod clients;
mod codes;
mod configured_access;
mod confirmations;
mod consents;
mod counters;
mod device_codes;
mod grants;
mod known_clients;
mod known_revocations;
mod passkeys;
mod people;
mod revocations;
mod sealing_keys;
mod sessions;
mod signing_keys;
mod spent;
mod tasks;
mod transactions;
mod upstream_grants;

pub use accounts::{
    Account, AccountChange, Accounts, Changed, Creation, MOST_ACCOUNTS, ResetLink, SecondFactor,
};
pub use authentication::Authentication;
pub use browser_sessions::{Browser, BrowserSessions};
pub use clients::{Client, ClientCredential, ClientKeys, Clients, GrantType, Registered};
pub(crate) use clients::{KEPT_BEYOND, MOST_CLIENTS_OF_A_PERSON, UNUSED_LIFETIME};
pub(crate) use codes::REPLAY_MEMORY;
pub use codes::{Code, Codes, Redemption};
pub(crate) use configured_access::{Configured, Reconfigured, are_too_many, is_person, programs};
pub use configured_access::{ConfiguredAccess, ConfiguredRights, Withdrawn};
pub use confirmations::{Answer, Confirmation, Confirmations, MOST_WAITING, Taken};
pub(crate) use consents::{AllRemembered, AllowedAt, CONSENT_MEMORY};
pub use consents::{AllowedClient, Consents, RememberedClient, RememberedConsent};
pub use counters::{Arrival, Counters, Rate};
pub(crate) use device_codes::EXPIRED_MEMORY;
pub use device_codes::{DeviceAnswer, DeviceAuthorization, DeviceCodes, MOST_DEVICE_CODES, Polled};
pub use grants::{Grant, Grants, Rotate, Rotation};
pub use known_clients::{KnownClients, ListedClient};
pub use known_revocations::KnownRevocations;
pub use passkeys::{Credential, MOST_PASSKEYS, Passkey, PasskeyUse};
pub(crate) use people::LastLogin;
pub use people::{Linked, People, Person, person_key};
#[cfg(feature = "durable")]
pub(crate) use revocations::MOST_REVOCATIONS;
pub use revocations::{Revocable, Revocation, RevocationBoard, Revocations, Revoked, grant_name};
pub use sealing_keys::{SealingKey, SealingKeys};
pub use sessions::Sessions;
pub(crate) use signing_keys::ONLY_SIGNING_KEY;
pub use signing_keys::{KeyRotation, KeyState, RingKey, SigningKeys, SigningRing};
pub use spent::Spent;
pub use tasks::{Task, Tasks};
pub use transactions::{MOST_OF_AN_OWNER, MOST_TRANSACTIONS, Transaction, Transactions};
pub use upstream_grants::{ConnectedAccount, Connection, Lease, Leased, UpstreamGrant, UpstreamGrants};
