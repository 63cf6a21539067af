//! What a server and its built-in issuer remember, behind one small trait per aggregate.
//!
//! **Every method is one atomic step.** Callers that run at once see the steps in one order, and a crash leaves each
//! step done or not done. No caller reads, decides and then writes: redeeming a code, rotating a refresh token or
//! binding a session is one call that returns its outcome. Times are arguments: Unix seconds, unless a method says
//! otherwise.
//!
//! In reading order:
//!
//! - `aggregate`: the traits and the records, a file each. The issuer's: [`Clients`], [`Codes`], [`Grants`],
//!   [`Consents`], [`Accounts`], [`People`], [`KnownClients`], [`BrowserSessions`], [`Transactions`], [`SigningKeys`], [`DeviceCodes`],
//!   [`ConfiguredAccess`], [`UpstreamGrants`]. The runtime's: [`Sessions`], [`Tasks`]. For both: [`Confirmations`],
//!   [`Counters`], [`Revocations`], [`SealingKeys`], [`Spent`].
//! - `store`: [`Store`], the handle that a server passes around, and [`Backend`], what stands behind it. A server has
//!   one, and its built-in issuer uses the same one.
//! - `error`: [`StoreError`]. A caller that gets one answers 503 or `server_error`, and grants nothing.
//! - `secret_hash`: what is kept of a secret.
//! - `server_scheme`: how the URL of a store on a server begins.
//! - `memory`: the backend in this process.
//! - [`durable`]: the backend that lasts, on any database. Every step is written there once.
//! - `sqlite` (feature `sqlite`): the database in one file.
//! - `redis` (feature `redis`): the database in Redis or Valkey.
//! - `postgres` (feature `postgres`): the database is PostgreSQL, for several processes on several machines.
//! - `suite`, `outage` (feature `testing`): what every backend has to pass, and a store that can be taken down.
//!
//! # Why the futures are boxed
//! The configuration chooses the backend, so a server holds `dyn` traits, and those cannot return `impl Future`.
//! [`StoreFuture`] costs one allocation a call: about 20 ns in memory, and negligible beside a round trip to a
//! database.
//!
//! # Secrets
//! Codes, refresh tokens, client secrets and browser session identifiers are passed in as [`SecretHash`] only, so
//! that a person who reads the store cannot present one. The exception is [`Rotate::next`]: with a grace it has to be given
//! again, so a backend that writes to a disk encrypts it. A secret that must be read back ([`SealingKey`], [`SigningRing`], [`UpstreamGrant`]) is
//! unencrypted in memory; a backend that writes to a disk encrypts it.
//!
//! # Adding a database
//! 1. A folder beside `sqlite`, behind a feature of the same name, with one type that implements [`durable::Rows`].
//!    [`Durable`] makes a [`Backend`] of it. Where the database is set up so that it may lose entries, `trouble` says so.
//! 2. Add `tests/<database>.rs` with `mcp_auth_store::rows_suite!(<fresh, empty rows>);` and
//!    `mcp_auth_store::suite!(<a fresh, empty store>);`: one test for each promise.
//!
//! A backend that is not on rows implements the traits itself, as `memory` does. A step that touches two
//! aggregates ([`Codes::redeem`] keeps a grant) is one transaction. `Backend` is then implemented automatically, and
//! [`Store::new`] takes it.
//!
//! # Adding an aggregate
//! 1. A file in `aggregate/`: the record, the outcome of each step as an enum, the trait. Its docs state each promise.
//! 2. Its bound in `Backend`, and its accessor on [`Store`].
//! 3. Its implementation in `memory/`, bounded, in `durable/`, and in `outage`.
//! 4. Its promises in `suite/`, a function each, named in the list of `suite/tests.rs`. Races are among them.
//!
//! # Example
//! ```
//! use mcp_auth_store::{Authentication, Browser, Caps, SecretHash, Store};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), mcp_auth_store::StoreError> {
//! let store = Store::memory(Caps::default());
//! let (cookie, now) = (SecretHash::of("what the browser sends"), 1_000);
//! let asked = SecretHash::of("client_id=app&scope=todos.read");
//! let alice = Browser {
//!     subject: "alice".into(),
//!     name: None,
//!     linked: None,
//!     known_as: None,
//!     authentication: Authentication::at(now),
//!     logged_in_for: asked,
//!     logged_in_at: now,
//!     expires_at: now + 60,
//! };
//! store.browser_sessions().begin(None, cookie, alice, now).await?;
//! assert_eq!(store.browser_sessions().find(cookie, now + 59).await?.map(|b| b.subject), Some("alice".into()));
//! assert!(store.browser_sessions().find(cookie, now + 60).await?.is_none());
//! # Ok(())
//! # }
//! ```

mod aggregate;
#[cfg(feature = "durable")]
pub mod durable;
mod error;
mod memory;
#[cfg(feature = "testing")]
mod outage;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod secret_hash;
mod server_scheme;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
#[cfg(feature = "testing")]
pub mod suite;

#[cfg(feature = "redis")]
pub use self::redis::RedisRows;
pub use aggregate::{
    Account, AccountChange, Accounts, AllowedClient, Answer, Arrival, Authentication, Browser,
    BrowserSessions, Changed, Client, ClientCredential, ClientKeys, Clients, Code, Codes, ConfiguredAccess,
    ConfiguredRights, Confirmation, Confirmations, ConnectedAccount, Connection, Consents, Counters,
    Creation, Credential, DeviceAnswer, DeviceAuthorization, DeviceCodes, Grant, GrantType, Grants,
    KeyRotation, KeyState, KnownClients, KnownRevocations, Lease, Leased, Linked, ListedClient,
    MOST_ACCOUNTS, MOST_DEVICE_CODES, MOST_OF_AN_OWNER, MOST_PASSKEYS, MOST_TRANSACTIONS, MOST_WAITING,
    Passkey, PasskeyUse, People, Person, Polled, Rate, Redemption, Registered, RememberedClient,
    RememberedConsent, ResetLink, Revocable, Revocation, RevocationBoard, Revocations, Revoked, RingKey,
    Rotate, Rotation, SealingKey, SealingKeys, SecondFactor, Sessions, SigningKeys, SigningRing, Spent,
    Taken, Task, Tasks, Transaction, Transactions, UpstreamGrant, UpstreamGrants, Withdrawn, grant_name,
    person_key,
};
#[cfg(feature = "durable")]
pub use durable::{Durable, OpenError, StoreKey, StoreKeys, TransferError};
pub use error::{StoreError, StoreFuture};
pub use memory::{Caps, MemoryStore};
#[cfg(feature = "testing")]
pub use outage::Outage;
#[cfg(feature = "postgres")]
pub use postgres::PostgresRows;
pub use secret_hash::SecretHash;
pub use server_scheme::ServerScheme;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteRows;
pub use store::{Backend, Store};
