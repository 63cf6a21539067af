//! How often a login may be tried, on the store's counters: by account and by address. Each try is counted before its password is looked at,
//! and names that no account has are counted alike.
//!
//! The limit by account is on passwords alone. Who is locked out by strangers that try passwords can log in with a passkey.

use std::net::IpAddr;

use mcp_auth_store::{Rate, SecretHash, Store, StoreError};

use super::options::AccountsOptions;
use crate::rate_limit::{AddressRate, RateLimit, TooSoon};

/// A second factor is tried by somebody who has the password already. One code in 333 000 is right at any time, so ten at once and then one
/// in two minutes leave a guesser about one chance in 450 a day.
const SECOND_FACTOR: (u32, u32) = (2 * 60, 10);

/// How often what may be tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    account: Rate,
    address: AddressRate,
    second_factor: Rate,
}

/// How long to wait, in seconds; `None`: it may be tried.
pub(super) type Wait = Option<u64>;

impl Limits {
    pub(super) fn new(options: &AccountsOptions) -> Self {
        let per_minute = |times| Rate::per_minute(times, times).unwrap_or(Rate::LEAST);
        let (seconds, burst) = SECOND_FACTOR;
        Self {
            account: per_minute(options.attempts_per_account),
            address: AddressRate::per_minute(options.attempts_per_address, options.attempts_per_address),
            second_factor: Rate::one_in(seconds, burst).unwrap_or(Rate::LEAST),
        }
    }

    /// Counts a password that is tried for an account from an address. Of an address that tries too often, no try is counted on the account.
    pub(super) async fn password(
        &self,
        store: &Store,
        account: SecretHash,
        from: Option<IpAddr>,
        now: u64,
    ) -> Result<Wait, StoreError> {
        let by_account = format!("issuer-login account {}", account.digits());
        let limit = self.by_address(from).and(RateLimit::of(by_account, self.account));
        waited(limit.count(store, now).await)
    }

    /// Counts a passkey that is tried from an address. Of no account: nobody guesses a signature, and who counted it there could lock its person
    /// out.
    pub(super) async fn passkey(
        &self,
        store: &Store,
        from: Option<IpAddr>,
        now: u64,
    ) -> Result<Wait, StoreError> {
        waited(self.by_address(from).count(store, now).await)
    }

    fn by_address(&self, from: Option<IpAddr>) -> RateLimit {
        RateLimit::of_address(from, self.address, |network| format!("issuer-login address {network}"))
    }

    /// Counts a second factor that is tried for an account.
    pub(super) async fn second_factor(
        &self,
        store: &Store,
        account: SecretHash,
        now: u64,
    ) -> Result<Wait, StoreError> {
        let key = format!("issuer-login second factor {}", account.digits());
        waited(RateLimit::of(key, self.second_factor).count(store, now).await)
    }
}

fn waited(counted: Result<Result<(), TooSoon>, StoreError>) -> Result<Wait, StoreError> {
    Ok(counted?.err().map(|TooSoon { retry_after }| retry_after))
}

#[cfg(test)]
mod tests {
    use mcp_auth_store::Caps;

    use super::*;

    #[tokio::test]
    async fn p30_who_has_many_ipv6_networks_tries_four_times_as_often_and_not_without_end() {
        let store = Store::memory(Caps::default());
        let limits = Limits::new(&AccountsOptions { attempts_per_address: 3, ..AccountsOptions::default() });
        let tried = async |from: &str, n: u32| {
            let account = SecretHash::of(&format!("{from} {n}"));
            limits.password(&store, account, from.parse().ok(), 1000).await.unwrap()
        };
        // One network of 64 bits that tries too often takes nothing from its neighbours.
        for n in 0..20 {
            assert_eq!(tried("2001:db8:1::1", n).await.is_some(), n >= 3, "{n}");
        }
        for network in 1..=3 {
            for n in 0..3 {
                assert_eq!(tried(&format!("2001:db8:1:{network}::1"), n).await, None, "{network} {n}");
            }
        }
        for network in ["2001:db8:1:4::1", "2001:db8:1:ffff::1"] {
            assert_eq!(tried(network, 0).await, Some(5), "{network}");
        }
        assert_eq!(tried("2001:db8:2::1", 0).await, None, "another site");
        for n in 0..30 {
            assert_eq!(tried(&format!("192.0.2.{n}"), 0).await, None, "IPv4 has no sites");
            assert_eq!(tried(&format!("::ffff:192.0.3.{n}"), 0).await, None);
        }
    }

    #[tokio::test]
    async fn p30_an_address_that_tries_too_often_locks_no_account() {
        let store = Store::memory(Caps::default());
        let limits = Limits::new(&AccountsOptions { attempts_per_address: 3, ..AccountsOptions::default() });
        let tried = async |account: &str, from: &str| {
            limits.password(&store, SecretHash::of(account), from.parse().ok(), 1000).await.unwrap()
        };
        for _ in 0..3 {
            assert_eq!(tried("other", "192.0.2.1").await, None);
        }
        for _ in 0..20 {
            assert_eq!(tried("ann", "192.0.2.1").await, Some(20));
        }
        for n in 0..5 {
            assert_eq!(tried("ann", &format!("192.0.2.1{n}")).await, None);
        }
        assert_eq!(tried("ann", "192.0.2.77").await, Some(12), "this account was tried five times");
    }
}
