//! `[issuer]`: the built-in issuer, how people log in there, and what it is trusted with.

use crate::config::derived::JwkSetError;

/// What is not safe in `[issuer]`. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuiltInIssuerConflict {
    /// Every person that can reach it could log in as any user.
    #[error(
        "other computers can reach the built-in issuer, whose login asks for no proof: set issuer.login, or turn off [issuer]: {at}"
    )]
    IssuerWithoutLogin {
        /// The key that lets them, and its source.
        at: String,
    },
    /// With a restart all logins of all people would be lost, and what was revoked would count again.
    #[error(
        "other computers can reach the built-in issuer, whose store is lost at a restart: set store.url, or turn off [issuer]: {at}"
    )]
    IssuerWithoutStore {
        /// The key that lets them, and its source.
        at: String,
    },
    /// Passwords and tokens would be readable on the way.
    #[error(
        "other computers can reach the built-in issuer, and nothing says that they come by https: set server.public_url to an https \
         URL, and server.tls, or server.trusted_proxies to the proxy that terminates TLS: {at}"
    )]
    IssuerWithoutTls {
        /// The key that lets them, and its source.
        at: String,
    },
    /// Accounts that are lost when the process ends.
    #[error(
        "people log in with accounts (issuer.login), and the store is in memory, where the accounts would be lost when the process ends; set \
         store.url to one that lasts, such as sqlite:accounts.sqlite, and store.key: {at}"
    )]
    AccountsInMemory {
        /// Key and source.
        at: String,
    },
    /// Passkeys at an IP address.
    #[error(
        "passkeys are on, and the built-in issuer is at {host}: authenticators take host names only; set server.public_url to a URL with \
         a name, such as http://localhost:8080/mcp on this computer: {at}"
    )]
    PasskeysAtAddress {
        /// The address.
        host: String,
        /// Key and source.
        at: String,
    },
    /// People are to log in elsewhere, on a page of an application or at a provider, and what is said of it does not suffice.
    #[error("{why}: {at}")]
    OwnLogin {
        /// What is missing or wrong.
        why: &'static str,
        /// Key and source.
        at: String,
    },
    /// The keys of the application at which people log in cannot be used.
    #[error("issuer.own_login: {error}: {at}")]
    OwnLoginKeys {
        /// Why.
        error: JwkSetError,
        /// Key and source.
        at: String,
    },
    /// No person could log in.
    #[error("users is empty, so a login at the built-in issuer is not possible: {at}")]
    IssuerWithoutUsers {
        /// Key and source.
        at: String,
    },
    /// An issuer of assertions that would be trusted for too much, or for nothing.
    #[error("assertions of {issuer}: {why}: {at}")]
    Assertions {
        /// The issuer.
        issuer: String,
        /// What is wrong, and what to do.
        why: &'static str,
        /// Key and source.
        at: String,
    },
    /// The keys of an issuer of assertions cannot be used.
    #[error("the keys of {issuer} cannot be used: {error}: {at}")]
    AssertionKeys {
        /// The issuer.
        issuer: String,
        /// Why.
        error: JwkSetError,
        /// Key and source.
        at: String,
    },
    /// A claim that the issuer writes itself.
    #[error(
        "{subject:?} has the claim {claim:?}, which the built-in issuer writes into every token itself: leave it out of claims: {at}"
    )]
    ReservedClaim {
        /// The user or client.
        subject: String,
        /// The claim.
        claim: String,
        /// Key and source.
        at: String,
    },
}
