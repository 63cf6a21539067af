//! `[store]`: where the server keeps what it has to know again.

use mcp_auth_core::bounds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::duration;
use crate::config::value::secret::Secret;
use crate::config::value::store_url::StoreUrl;

duration! {
    /// How often it is read what was revoked.
    RevocationLag within REVOCATION_LAG
}
duration! {
    /// How old what is known of revocations may be.
    RevocationStale within REVOCATION_STALE
}

/// Where the server keeps what it has to know again: sessions, tasks, what was used up, the keys by which it recognises its own text;
/// and with the built-in issuer clients, codes, grants and what was revoked.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Store {
    /// `memory:`, which is lost when the process ends. What lasts: `sqlite:PATH`, a file for the processes of one machine, its path relative
    /// to the configuration file; `postgres://user@host/database` (or `postgresql://`); for Redis and Valkey `redis://host` (or `valkey://`),
    /// `rediss://host` (or `valkeys://`) with TLS, or `unix:///path` (or `redis+unix://`, `valkey+unix://`) for a socket of this machine. Each
    /// needs the feature of mcp-auth with its name: `sqlite`, `postgres`, `redis`. A URL with a password is kept elsewhere: `env:NAME`
    /// or `file:/path` says where. **(default: `"memory:"`)**
    pub url: StoreUrl,
    /// Where the key is that encrypts what has to be read back, 64 hexadecimal digits as `openssl rand -hex 32` makes them: `env:NAME`, or
    /// `file:/path`, which not every user of the machine may read. A store that lasts needs one. Keep it apart from the store.
    pub key: Option<Secret>,
    /// How often a server reads what the built-in issuer revoked in other processes on the same store. What a process revoked itself it
    /// refuses at once.
    pub revocation_lag: RevocationLag,
    /// How old that may be while the store cannot be read. Then tokens of the built-in issuer are answered 503, and `/readyz` says so; those of
    /// other issuers are not concerned.
    pub revocation_stale: RevocationStale,
    /// Where keys are that were `key` before: they open what they encrypted, and encrypt nothing any more.
    pub keys_before: Vec<Secret>,
}
