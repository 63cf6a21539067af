//! Configuration: what `mcp.toml`, the environment and the arguments say, checked before anything starts.
//!
//! - `load`: files, environment and arguments become one [`Config`]; every mistake has its key and source.
//! - `section`: what can be configured, a file per section.
//! - `value`: the kinds of value a key can have.
//! - `provider`: what is known of identity providers, so that one key stands for their habits. `upstream`: what is known of those that people
//!   log in at.
//! - `check`: which values are not safe together.
//! - `key`: how code names a key, so that a misspelt one does not compile.
//! - `bounds`: the ranges and defaults that other places act on.
//! - `derived`: what follows from several keys; `reach`: who can reach the built-in issuer; `error`: why there is no configuration to start with;
//!   `warning`: what is allowed and the operator should know.
//!
//! A new key is a field in its section, a line in `mcp.toml.example`, and a line in `serve/settings`.

pub mod bounds;
mod check;
mod derived;
mod error;
mod key;
mod load;
pub mod provider;
mod reach;
mod section;
#[cfg(test)]
mod tests;
pub mod upstream;
mod value;
mod warning;

pub use crate::authn::{BindingMode, CertificateFormat, IntrospectionKind, InvalidKey, Reach};
pub use crate::authz::{Connect, Visibility};
pub use crate::declared::WrittenConfirm;
pub use crate::key;
pub use check::{
    ApiKeyConflict, AuthConflict, BuiltInIssuerConflict, Checked, Conflict, DenyConflict,
    IntrospectionConflict, IssuerClientConflict, OperationConflict, RoleConflict, ScopeConflict,
    ServerConflict, StdioConflict, StoreConflict, TrustedIssuerConflict, UpstreamConflict,
};
#[cfg(feature = "tls")]
pub(crate) use derived::TlsFiles;
pub use derived::{JwkSetError, StdioCredential};
pub use error::ConfigError;
pub use key::Key;
pub use load::arguments::{Arguments, Command, TableFormat};
pub use load::process::ProcessContext;
pub use load::secret::{SecretError, SecretSource};
pub use load::{Config, ConfigBuilder, Mistake, arguments, process};
pub use mcp_auth_core::SecretText;
pub use reach::IssuerReach;
pub(crate) use reach::Lack;
pub use section::auth::{Advertise, Denial, Verify};
pub use section::server::{Rounds, Transport};
pub use section::{
    accounts, api_keys, auth, client_documents, cors, deny, document, introspection, issuer,
    issuer_assertions, issuer_client, issuers, limits, log, operations, own_login, pages, registration,
    roles, schema, scopes, server, stdio, store, tls, upstreams, users,
};
pub use value::moment::Moment;
pub use value::secret::{NotASecret, Secret};
pub(crate) use value::store_url::StorePlace;
pub use value::store_url::StoreUrl;
pub use value::{
    AcrValue, AddressAndPort, CertificateHeader, ClientAddressHeader, DisplayName, EndpointPath, HostName,
    LoginAge, NonEmpty, RoleName, ScopeName, ScopePrefixText, ScopeToken, TokenHeader, ToolHeader,
    UpstreamName, ValueError, api_key, audience, claim, claim_test, client, issuer_name, jwk_set, network,
    page, pem_file, url,
};
pub use warning::Warning;
