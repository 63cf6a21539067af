//! How often anybody may try. Each try is counted before its code is looked up, so that many at once are no more than one after the other.

use std::net::IpAddr;

use mcp_auth_store::{Arrival, Client, ClientCredential, Rate, StoreError};

use super::devices::Devices;
use crate::request::address::place;

const MICROS_PER_SECOND: u64 = 1_000_000;

/// The limits of the endpoints for devices. The names of what the store counts stand here and nowhere else.
pub(super) struct Limits {
    /// Codes that one person enters: who types a code wrong five times waits a minute for the next try.
    person: Rate,
    /// Codes that come from one address.
    address: Rate,
    /// All codes. With 60 a minute, and ten minutes for each code, one that is guessed for is met with a chance of 600 in 2.5 * 10^10
    /// (RFC 8628 §5.1).
    all: Rate,
    /// Requests of devices that come from one address.
    asking_address: Rate,
    /// Requests of the devices of one client that authenticates.
    asking_client: Rate,
    /// Requests of the devices of one public client. Anybody can send them, so there is room for those of many addresses.
    asking_public_client: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        let rate = |times, burst| Rate::per_minute(times, burst).unwrap_or(Rate::LEAST);
        Self {
            person: rate(1, 5),
            address: rate(10, 30),
            all: rate(60, 60),
            asking_address: rate(10, 30),
            asking_client: rate(60, 60),
            asking_public_client: rate(300, 300),
        }
    }
}

/// It comes too soon.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::endpoint) struct TooSoon {
    /// After so many seconds one more is let in.
    pub(super) retry_after: u64,
}

impl Devices {
    /// Counts a code that this person enters. Who may enter none uses up nothing that others need.
    pub(super) async fn count_code(
        &self,
        subject: &str,
        from: Option<IpAddr>,
    ) -> Result<Result<(), TooSoon>, StoreError> {
        let limits = &self.limits;
        let mut counted = vec![(format!("issuer-user-codes person {subject}"), limits.person)];
        counted.push((format!("issuer-user-codes address {}", place(from)), limits.address));
        counted.push(("issuer-user-codes".to_owned(), limits.all));
        self.count(&counted).await
    }

    /// Counts a request of a device of this client. Of an address that asks too often, none is counted on the client.
    pub(super) async fn count_request(
        &self,
        client: &Client,
        from: Option<IpAddr>,
    ) -> Result<Result<(), TooSoon>, StoreError> {
        let limits = &self.limits;
        let of_client = match client.credential {
            ClientCredential::None => limits.asking_public_client,
            ClientCredential::Secret(_) | ClientCredential::Keys(_) => limits.asking_client,
        };
        let counted = [
            (format!("issuer-device-codes address {}", place(from)), limits.asking_address),
            (format!("issuer-device-codes client {}", client.id), of_client),
        ];
        self.count(&counted).await
    }

    async fn count(&self, counted: &[(String, Rate)]) -> Result<Result<(), TooSoon>, StoreError> {
        let now = self.issuer.now().saturating_mul(MICROS_PER_SECOND);
        for (key, rate) in counted {
            if let Arrival::TooSoon { wait } = self.issuer.store.counters().arrive(key, *rate, now).await? {
                return Ok(Err(TooSoon { retry_after: wait.div_ceil(MICROS_PER_SECOND).max(1) }));
            }
        }
        Ok(Ok(()))
    }
}
