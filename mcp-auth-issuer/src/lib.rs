//! The built-in OAuth 2.1 authorization server, in the server's own process and at its origin.
//!
//! The facade calls [`start()`] and gives the [`LocalIssuer`] to the runtime, which knows nothing else of this crate.
//! In the order of a login:
//!
//! 1. `endpoint`: one file or folder per endpoint, by the names of their paths.
//! 2. `request`: reads requests strictly, and refuses invalid ones.
//! 3. `client`: who a client is, and what its requests may ask for.
//! 4. `assertion`: issuers whose assertions stand for a grant.
//! 5. `person`: the person at the browser: [`Login`], cookie, pages.
//! 6. `rate_limit`: how often something may happen. `reached`: the provider of the login, as tools reach it.
//! 7. [`Store`], `secret`, `mac`: what is remembered (in `mcp-auth-store`), the secrets that are made here, and what is recognised by a key.
//! 8. `key`: the [`KeyRing`], whose [`SigningKey`]s sign tokens, and change while the issuer runs.
//! 9. `start`, `given`: what the configuration gives no more is revoked.
//!
//! Access tokens are JWTs. Our own server refuses those of an ended grant, at once in this process and within `store.revocation_lag` in
//! others on the same store; a server that verifies them by the keys alone takes them until they expire
//! ([`IssuerOptions::access_token_lifetime`]).

mod assertion;
mod build;
mod client;
mod configured;
mod endpoint;
mod given;
mod issuer;
mod key;
mod mac;
mod observe;
mod options;
mod person;
mod rate_limit;
mod reached;
mod request;
mod secret;
mod start;

pub use assertion::{AssertionOptions, AssertionProfile, InvalidAssertions, Workload};
pub use build::{IssuerError, build, build_with};
pub use client::document::{ClientDocuments, UnreadableAuthorities};
pub use client::known::{ClientLine, ClientOrigin, Clients, RemoveClientError};
pub use client::named::{NamedClient, NamedCredential};
pub use configured::ConfiguredError;
pub use endpoint::{InitialAccessToken, RegistrationOptions};
pub use key::{
    AccessTokenClaims, BoundKey, KeyChange, KeyError, KeyRing, KeySource, ListedKey, MintError,
    SigningAlgorithm, SigningKey, UnknownSigningAlgorithm,
};
pub use maud;
pub use mcp_auth_core::redirect_uri::{InvalidRedirectUri, RedirectUri};
pub use mcp_auth_core::{SecretText, bounds};
pub use mcp_auth_runtime::config::IssuerReach;
/// The style sheet of the login's pages, for the page that `mcp-auth login` ends with.
#[doc(hidden)]
pub use mcp_auth_runtime::facade::PAGE_STYLE;
pub use mcp_auth_runtime::facade::{Brand, Language};
pub use mcp_auth_runtime::facade::{ClaimAt, ClaimTest, ClaimTests, KeySource as AssertionKeys};
pub use mcp_auth_runtime::facade::{
    DeniedIssued, Fetch, FetchError, FetchFuture, FetchRequest, Fetched, HttpFetch, LocalIssuer,
    LocalIssuerSetup,
};
pub use mcp_auth_store::{
    Authentication, Caps, ClientKeys, GrantType, KeyState, KnownRevocations, Linked, SecretHash, Store,
};
pub use options::{InvalidOption, IssuerOptions, LoginOptions};
pub use person::accounts::{
    AccountLine, AccountState, AccountsLogin, AccountsOptions, HashError, InvalidAccountName, ManageError,
    NewLink, PasskeysPolicy, SecondFactorPolicy, UnfitPassword,
};
pub use person::own as own_login;
pub use person::upstream;
pub use person::{
    AccessTokenFuture, Asked, Attempt, DevelopmentLogin, Form, KnownFuture, Leave, Login, LoginError,
    LoginFuture, LoginSite, People, PersonLine, Renewal, RenewalFuture, Renewed, Step, TakenNames, User,
};
pub use request::origin::InvalidIssuer;
pub use request::{InvalidParams, Params};
pub use start::{start, start_with};
