//! How often anybody may try. Each try is counted before its code is looked up, so that many at once are no more than one after the other.

use std::net::IpAddr;

use mcp_auth_store::{Client, ClientCredential, Rate, StoreError};

use super::devices::Devices;
use crate::rate_limit::{AddressRate, RateLimit, TooSoon};

/// The limits of the endpoints for devices. The names of what the store counts stand here and nowhere else.
pub(super) struct Limits {
    /// Codes that one person enters: who types a code wrong five times waits a minute for the next try.
    person: Rate,
    /// Codes that come from one address.
    address: AddressRate,
    /// All codes. With 60 a minute, and ten minutes for each code, one that is guessed for is met with a chance of 600 in 2.5 * 10^10
    /// (RFC 8628 §5.1).
    all: Rate,
    /// Requests of devices that come from one address.
    asking_address: AddressRate,
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
            address: AddressRate::per_minute(10, 30),
            all: rate(60, 60),
            asking_address: AddressRate::per_minute(10, 30),
            asking_client: rate(60, 60),
            asking_public_client: rate(300, 300),
        }
    }
}

impl Devices {
    /// Counts a code that this person enters. Who may enter none uses up nothing that others need.
    pub(super) async fn count_code(
        &self,
        subject: &str,
        from: Option<IpAddr>,
    ) -> Result<Result<(), TooSoon>, StoreError> {
        let limits = &self.limits;
        RateLimit::of(format!("issuer-user-codes person {subject}"), limits.person)
            .and(RateLimit::of_address(from, limits.address, |network| {
                format!("issuer-user-codes address {network}")
            }))
            .and(RateLimit::of("issuer-user-codes", limits.all))
            .count(&self.issuer.store, self.issuer.now())
            .await
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
        RateLimit::of_address(from, limits.asking_address, |network| {
            format!("issuer-device-codes address {network}")
        })
        .and(RateLimit::of(format!("issuer-device-codes client {}", client.id), of_client))
        .count(&self.issuer.store, self.issuer.now())
        .await
    }
}
