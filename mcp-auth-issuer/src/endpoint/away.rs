//! How often a login leads over another page, by address: what is kept of each is one of a bounded number, and with another provider each
//! costs it a request. So one stranger takes no place of the people who log in.

use std::net::IpAddr;

use mcp_auth_store::StoreError;

use crate::issuer::Issuer;
use crate::rate_limit::{RateLimit, TooSoon};

/// Which way a person goes.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// To the other page.
    Out,
    /// Back from it.
    Back,
}

impl Way {
    /// Counts one that goes this way from `address`.
    pub(super) async fn count(
        self,
        issuer: &Issuer,
        address: Option<IpAddr>,
    ) -> Result<Result<(), TooSoon>, StoreError> {
        let way = match self {
            Self::Out => "out",
            Self::Back => "back",
        };
        let counted_as = |network: &str| format!("issuer-login-{way} address {network}");
        RateLimit::of_address(address, issuer.away, counted_as).count(&issuer.store, issuer.now()).await
    }
}
