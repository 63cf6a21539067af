//! What the configuration sets of accounts.

/// How people log in with accounts in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountsOptions {
    /// How many logins may be tried for one account in a minute, and that many at once: 1 to 1000. **(default: 5)**
    pub attempts_per_account: u32,
    /// How many logins may be tried from one address in a minute, and that many at once: 1 to 10000. Addresses of IPv6 count by their
    /// network of 64 bits, and four times as many by that of 48 bits. **(default: 30)**
    pub attempts_per_address: u32,
    /// Whether a password is enough. **(default: optional)**
    pub second_factor: SecondFactorPolicy,
    /// Whether people use passkeys. **(default: where they are possible)**
    pub passkeys: PasskeysPolicy,
}

/// Whether people use passkeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PasskeysPolicy {
    /// Where the host of the issuer is a name: authenticators take no IP addresses.
    #[default]
    WherePossible,
    /// They do. An issuer at an IP address is refused.
    On,
    /// They do not.
    Off,
}

/// Whether a password is enough to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecondFactorPolicy {
    /// It is, until the person sets up one-time codes or adds a passkey.
    #[default]
    Optional,
    /// It is not: who has neither one-time codes nor a passkey sets up codes at the login.
    Required,
}

impl Default for AccountsOptions {
    fn default() -> Self {
        Self {
            attempts_per_account: 5,
            attempts_per_address: 30,
            second_factor: SecondFactorPolicy::default(),
            passkeys: PasskeysPolicy::default(),
        }
    }
}
