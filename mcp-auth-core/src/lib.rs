//! The vocabulary of mcp-auth, below every other crate: no tokio, no rmcp, no axum. In reading order: `scope` (one
//! scope token, sets of them), `scope_template` (scopes with places to fill), `hierarchy` (which scopes count for which), `role` (names that an operator gives to
//! callers), `login` (how long ago and by what a person logged in), `challenge` (`WWW-Authenticate`), `net` (hosts, authorities, origins, loopback), `resource` and
//! `issuer_identifier` (the URLs that tokens name), `redirect_uri` (where answers to a client may be sent), `uri_template` (URIs with variables), `revision` (the protocol's
//! eras), `seen` (text from outside, made safe to show), `secret` (text that is never shown), `api_key` (the
//! text of an API key), `client_basic` (how a client shows its secret), `strict_json` (JSON with one reading), `canonical` (JSON in one order), `own_claims` (what tokens of an issuer of ours
//! say), `duration` (times as people read them), `bounds` (ranges and defaults of settings), `ambient` (time
//! and randomness). Users depend on the facade crate `mcp-auth`.

pub mod ambient;
pub mod api_key;
pub mod bounds;
pub mod canonical;
pub mod challenge;
pub mod client_basic;
pub mod duration;
pub mod hex;
pub mod hierarchy;
pub mod issuer_identifier;
pub mod login;
pub mod net;
pub mod own_claims;
pub mod redirect_uri;
pub mod resource;
pub mod revision;
pub mod role;
pub mod scope;
pub mod scope_template;
pub mod secret;
pub mod seen;
pub mod strict_json;
pub mod uri_template;
pub mod weight;

pub use api_key::{ApiKey, InvalidApiKey};
pub use hierarchy::{Cycle, Hierarchy};
pub use issuer_identifier::IssuerIdentifier;
pub use login::{Acr, InvalidAcr, LoginTerms, NoCommonAcr};
pub use resource::Resource;
pub use revision::Era;
pub use role::{InvalidRole, Role, RoleSet};
pub use scope::{InvalidScope, Scope, ScopeSet};
pub use scope_template::{InvalidCharacter, InvalidScopeTemplate, ScopeFamily, ScopeTemplate, UnfitValue};
pub use secret::SecretText;
pub use uri_template::{InvalidTemplate, UriTemplate};
