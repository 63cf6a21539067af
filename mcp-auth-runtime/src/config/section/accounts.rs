//! `[issuer.accounts]`: how people log in with accounts in the store.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::{count, keyword};

count! {
    /// How many logins may be tried for one account in a minute, and that many at once; more are answered 429.
    AccountAttempts: 1 to 1000, default 5
}
count! {
    /// How many logins may be tried from one address in a minute, and that many at once; more are answered 429.
    AddressAttempts: 1 to 10000, default 30
}
keyword! {
    /// Whether a password is enough to log in.
    SecondFactor {
        /// It is, until the person sets up one-time codes or adds a passkey.
        Optional = "optional",
        /// It is not: who has neither one-time codes nor a passkey sets up codes at the login.
        Required = "required",
    }
}
keyword! {
    /// Whether people use passkeys.
    Passkeys {
        /// Where the host of the issuer is a name: authenticators take no IP addresses.
        Auto = "auto",
        /// They do, and an issuer at an IP address does not start.
        On = "on",
        /// They do not.
        Off = "off",
    }
}

/// How people log in with accounts in the store, where `issuer.login` is "accounts". `mcp-auth issuer user` makes them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Accounts {
    /// Whether a password is enough: "optional" (until a person sets up one-time codes or adds a passkey), or "required" (who has neither sets
    /// up codes at the login).
    pub second_factor: SecondFactor,
    /// Whether people log in with passkeys: "auto" (where the host of `server.public_url` is a name, such as `localhost`; authenticators take no IP
    /// addresses), "on" (an IP address is refused), or "off". A passkey logs in without name and password, or after them.
    pub passkeys: Passkeys,
    /// How many logins may be tried for one account in a minute, right or wrong. Names that nobody has count alike.
    pub attempts_per_account: AccountAttempts,
    /// How many logins may be tried from one address in a minute. Addresses of IPv6 count by their network of 64 bits (`/64`), and those of one
    /// network of 48 bits (`/48`) together may try four times as often.
    pub attempts_per_address: AddressAttempts,
}
