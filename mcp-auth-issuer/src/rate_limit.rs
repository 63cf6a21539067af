//! How often something may happen: what arrives is counted in the store, and who comes too soon is told for how many seconds to wait.

use std::net::IpAddr;

use mcp_auth_store::{Arrival, Rate, Store, StoreError};

use crate::request::address::{place, site};

const MICROS_PER_SECOND: u64 = 1_000_000;

/// How many times as much as one address a whole IPv6 network of 48 bits has.
const SITE: u32 = 4;

/// How many times as much as one address all those have together whose address the server does not know, behind a proxy that does not say it for
/// example. With as much as one address, one of them would stop all the others.
const UNKNOWN: u32 = 50;

/// The limits of one thing, each under the name that the store counts it under. They are asked in their order, and the first that is
/// exceeded ends it, so that who exceeds it uses up nothing of the limits behind it.
#[derive(Debug)]
pub(crate) struct RateLimit(Vec<(String, Rate)>);

/// How often something may come from one address, and from one IPv6 network of 48 bits: many a customer has all of it (RFC 6177 §2), and
/// could use each of its 65 536 networks of 64 bits once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddressRate {
    /// Of an IPv4 address, or an IPv6 network of 64 bits.
    of_a_place: Rate,
    /// Of an IPv6 network of 48 bits.
    of_a_site: Rate,
    /// Of all whose address is not known.
    of_unknown: Rate,
}

/// A limit is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooSoon {
    /// After so many seconds the next one is let in: at least 1, rounded up.
    pub(crate) retry_after: u64,
}

impl AddressRate {
    /// `times` a minute from one address, up to `burst` of them at once.
    pub(crate) fn per_minute(times: u32, burst: u32) -> Self {
        let rate = |many: u32| {
            Rate::per_minute(times.saturating_mul(many), burst.saturating_mul(many)).unwrap_or(Rate::LEAST)
        };
        Self { of_a_place: rate(1), of_a_site: rate(SITE), of_unknown: rate(UNKNOWN) }
    }

    /// That of one address.
    pub(crate) fn of_a_place(self) -> Rate {
        self.of_a_place
    }
}

impl RateLimit {
    /// One limit.
    pub(crate) fn of(counted_as: impl Into<String>, rate: Rate) -> Self {
        Self(vec![(counted_as.into(), rate)])
    }

    /// The limits of what comes from `address`, counted under what `counted_as` makes of the address and of its network.
    pub(crate) fn of_address(
        address: Option<IpAddr>,
        rate: AddressRate,
        counted_as: impl Fn(&str) -> String,
    ) -> Self {
        let of_place = if address.is_some() { rate.of_a_place } else { rate.of_unknown };
        let place = (counted_as(&place(address)), of_place);
        let site = site(address).map(|site| (counted_as(&site), rate.of_a_site));
        Self([place].into_iter().chain(site).collect())
    }

    /// These, and the others behind them.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Counts one arrival at `now` (Unix seconds). Many at once are counted one after the other.
    ///
    /// # Errors
    /// [`StoreError`]; inside, [`TooSoon`].
    pub(crate) async fn count(&self, store: &Store, now: u64) -> Result<Result<(), TooSoon>, StoreError> {
        for (counted_as, rate) in &self.0 {
            let arrival = store.counters().arrive(counted_as, *rate, micros(now)).await?;
            if let Err(too_soon) = outcome(arrival) {
                return Ok(Err(too_soon));
            }
        }
        Ok(Ok(()))
    }

    /// Whether one that arrives at `now` (Unix seconds) would be within the limits, without counting it.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub(crate) async fn look(&self, store: &Store, now: u64) -> Result<Result<(), TooSoon>, StoreError> {
        for (counted_as, rate) in &self.0 {
            let arrival = store.counters().look(counted_as, *rate, micros(now)).await?;
            if let Err(too_soon) = outcome(arrival) {
                return Ok(Err(too_soon));
            }
        }
        Ok(Ok(()))
    }
}

fn micros(seconds: u64) -> u64 {
    seconds.saturating_mul(MICROS_PER_SECOND)
}

/// Rounded up: who waits so long is let in.
fn outcome(arrival: Arrival) -> Result<(), TooSoon> {
    match arrival {
        Arrival::Conforms => Ok(()),
        Arrival::TooSoon { wait } => Err(TooSoon { retry_after: wait.div_ceil(MICROS_PER_SECOND).max(1) }),
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_store::Caps;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    #[tokio::test]
    async fn p30_many_ipv6_networks_of_one_site_have_four_times_as_much_as_one() {
        let store = Store::memory(Caps::default());
        let rate = AddressRate::per_minute(3, 3);
        let arrives = async |from: &str| {
            let limit = RateLimit::of_address(from.parse().ok(), rate, |network| format!("a test {network}"));
            assert_eq!(
                limit.look(&store, NOW).await.unwrap().err(),
                limit.look(&store, NOW).await.unwrap().err()
            );
            limit.count(&store, NOW).await.unwrap().err().map(|too_soon| too_soon.retry_after)
        };
        // One network of 64 bits that comes too often takes nothing from its neighbours.
        for n in 0..20 {
            assert_eq!(arrives("2001:db8:1::1").await, (n >= 3).then_some(20), "{n}");
        }
        for network in 1..=3 {
            for n in 0..3 {
                assert_eq!(arrives(&format!("2001:db8:1:{network}::1")).await, None, "{network} {n}");
            }
        }
        for network in ["2001:db8:1:4::1", "2001:db8:1:ffff::1"] {
            assert_eq!(arrives(network).await, Some(5), "{network}");
        }
        assert_eq!(arrives("2001:db8:2::1").await, None, "another site");
        for n in 0..30 {
            assert_eq!(arrives(&format!("192.0.2.{n}")).await, None, "IPv4 has no sites");
            assert_eq!(arrives(&format!("::ffff:192.0.3.{n}")).await, None);
        }
    }

    #[tokio::test]
    async fn one_of_those_whose_address_is_not_known_does_not_stop_the_others() {
        let store = Store::memory(Caps::default());
        let rate = AddressRate::per_minute(3, 3);
        let arrives = async || {
            let limit = RateLimit::of_address(None, rate, |network| format!("a test {network}"));
            limit.count(&store, NOW).await.unwrap()
        };
        for n in 0..160 {
            assert_eq!(arrives().await.is_ok(), n < 150, "all of them together have a limit: {n}");
        }
    }

    #[tokio::test]
    async fn who_exceeds_one_limit_uses_up_nothing_of_those_behind_it() {
        let store = Store::memory(Caps::default());
        let rate = |times| Rate::per_minute(times, times).unwrap();
        let own = |name: &str| RateLimit::of(name, rate(1)).and(RateLimit::of("all", rate(2)));
        assert_eq!(own("one").count(&store, NOW).await.unwrap(), Ok(()));
        for _ in 0..5 {
            assert_eq!(own("one").count(&store, NOW).await.unwrap(), Err(TooSoon { retry_after: 60 }));
        }
        assert_eq!(own("two").count(&store, NOW).await.unwrap(), Ok(()));
        assert_eq!(own("three").count(&store, NOW).await.unwrap(), Err(TooSoon { retry_after: 30 }));
    }
}
