//! Why a configuration is not safe to start with: one name per reason, a file per section, as the checks are.
//!
//! - `conflict`: all of them as one. `hint`: what was probably meant.

mod api_keys;
mod auth;
#[expect(clippy::module_inception, reason = "the one type of all of them")]
mod conflict;
mod deny;
mod hint;
mod introspection;
mod issuer;
mod issuer_clients;
mod issuers;
mod operations;
mod roles;
mod scopes;
mod server;
mod stdio;
mod store;
mod upstreams;

pub use api_keys::ApiKeyConflict;
pub use auth::AuthConflict;
pub use conflict::Conflict;
pub use deny::DenyConflict;
pub use introspection::IntrospectionConflict;
pub use issuer::BuiltInIssuerConflict;
pub use issuer_clients::IssuerClientConflict;
pub use issuers::TrustedIssuerConflict;
pub use operations::OperationConflict;
pub use roles::RoleConflict;
pub use scopes::ScopeConflict;
pub use server::ServerConflict;
pub use stdio::StdioConflict;
pub use store::StoreConflict;
pub use upstreams::UpstreamConflict;
