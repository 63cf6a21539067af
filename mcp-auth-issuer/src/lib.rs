//! The built-in OAuth 2.1 authorization server: for development, in the server's own process and at its origin.
//!
//! The facade calls [`EmbeddedIssuer::build`] and hands the [`LocalIssuer`] to the runtime, which knows nothing else
//! of this crate. In the order a login walks it:
//!
//! 1. `endpoint`: one file per endpoint. `metadata` and `jwks`, `register`, `authorize`, `token`, `revoke`.
//! 2. `params`, `body`, `origin`: how requests are read, strictly. `oauth_error`: how they are refused.
//! 3. `redirect_uri`, `client`, `scopes`: what a request may ask for.
//! 4. [`Login`], `session`, `page`: the person in front of the browser.
//! 5. [`Store`], `secret`: what is remembered, and the hashes that are kept of secrets.
//! 6. [`SigningKey`], `access_token`: what is issued.
//!
//! Access tokens are JWTs that nobody looks up, so killing a refresh token family leaves its last access token alive
//! until it expires ([`IssuerOptions::access_token_lifetime`]).

mod access_token;
mod body;
mod build;
mod client;
mod endpoint;
mod issuer;
mod key;
mod login;
mod oauth_error;
mod options;
mod origin;
mod page;
mod params;
mod rate;
mod redirect_uri;
mod scopes;
mod secret;
mod session;
mod store;

pub use access_token::AccessTokenClaims;
pub use build::{EmbeddedIssuer, IssuerError};
pub use client::{Client, Grants};
pub use key::{KeyError, KeySource, MintError, SigningKey};
pub use login::{DevelopmentLogin, Login, LoginError, LoginFuture, User};
pub use maud;
pub use mcp_auth_runtime::local_issuer::{LocalIssuer, LocalIssuerSetup};
pub use options::{Caps, InvalidOption, IssuerOptions, NamedClient};
pub use origin::InvalidIssuer;
pub use params::{InvalidParams, Params};
pub use redirect_uri::{InvalidRedirectUri, RedirectUri};
pub use secret::SecretHash;
pub use store::{
    CodeGrant, MemoryStore, Redemption, RefreshFamily, Rotation, Session, Store, StoreError, StoreFuture,
};
