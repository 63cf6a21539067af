//! How often a login leads over another page, by address: what is kept of each is one of a bounded number, and with another provider each
//! costs it a request. So one stranger takes no place of the people who log in.

use std::net::IpAddr;

use mcp_auth_store::{Arrival, Rate, StoreError};

use crate::issuer::Issuer;
use crate::request::address::{place, site};

const MICROS_PER_SECOND: u64 = 1_000_000;

/// How often people go to another page of their login, and come back from it: each by itself.
#[derive(Clone, Copy)]
pub(crate) struct AwayRates {
    /// From one address: many people can be behind it.
    pub(crate) of_an_address: Rate,
    /// From one IPv6 network of 48 bits, which many a customer has all of.
    pub(crate) of_a_site: Rate,
}

/// Which way a person goes.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// To the other page.
    Out,
    /// Back from it.
    Back,
}

impl Way {
    /// Counts one that goes this way from `address`. Returns for how many seconds it is too soon.
    pub(super) async fn count(
        self,
        issuer: &Issuer,
        address: Option<IpAddr>,
    ) -> Result<Option<u64>, StoreError> {
        let way = match self {
            Self::Out => "out",
            Self::Back => "back",
        };
        let place = (place(address), issuer.away.of_an_address);
        let site = site(address).map(|site| (site, issuer.away.of_a_site));
        for (from, rate) in [place].into_iter().chain(site) {
            let (key, now) = (format!("issuer-login-{way} address {from}"), issuer.now());
            let now = now.saturating_mul(MICROS_PER_SECOND);
            if let Arrival::TooSoon { wait } = issuer.store.counters().arrive(&key, rate, now).await? {
                return Ok(Some(wait.div_ceil(MICROS_PER_SECOND).max(1)));
            }
        }
        Ok(None)
    }
}
