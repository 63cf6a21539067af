//! The reasons of all sections as one.

use super::api_keys::ApiKeyConflict;
use super::auth::AuthConflict;
use super::deny::DenyConflict;
use super::introspection::IntrospectionConflict;
use super::issuer::BuiltInIssuerConflict;
use super::issuer_clients::IssuerClientConflict;
use super::issuers::TrustedIssuerConflict;
use super::operations::OperationConflict;
use super::roles::RoleConflict;
use super::scopes::ScopeConflict;
use super::server::ServerConflict;
use super::stdio::StdioConflict;
use super::store::StoreConflict;
use super::upstreams::UpstreamConflict;
use crate::config::load::secret::SecretError;
use crate::declared::Kind;

/// A combination that is not safe. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// What is not safe in `[auth]`.
    #[error(transparent)]
    Auth(#[from] AuthConflict),
    /// What is not safe in `[[auth.api_keys]]`.
    #[error(transparent)]
    ApiKeys(#[from] ApiKeyConflict),
    /// What is not safe in `[server]`.
    #[error(transparent)]
    Server(#[from] ServerConflict),
    /// What is not safe in `[[auth.issuers]]`.
    #[error(transparent)]
    TrustedIssuers(#[from] TrustedIssuerConflict),
    /// What is not safe in how an issuer is asked.
    #[error(transparent)]
    Introspection(#[from] IntrospectionConflict),
    /// What is not safe in `[issuer]`.
    #[error(transparent)]
    BuiltInIssuer(#[from] BuiltInIssuerConflict),
    /// What is not safe in `[upstreams]`.
    #[error(transparent)]
    Upstreams(#[from] UpstreamConflict),
    /// What is not safe in the clients of the built-in issuer.
    #[error(transparent)]
    IssuerClients(#[from] IssuerClientConflict),
    /// What is not safe in what operations need.
    #[error(transparent)]
    Operations(#[from] OperationConflict),
    /// What is not safe in `[scopes]`, or wherever a scope is named.
    #[error(transparent)]
    Scopes(#[from] ScopeConflict),
    /// What is not safe in `[roles]`, or wherever a role is named.
    #[error(transparent)]
    Roles(#[from] RoleConflict),
    /// What is not safe in `[stdio]`.
    #[error(transparent)]
    Stdio(#[from] StdioConflict),
    /// What is not safe in `[[auth.deny]]`.
    #[error(transparent)]
    Deny(#[from] DenyConflict),
    /// What is not safe in `[store]`.
    #[error(transparent)]
    Store(#[from] StoreConflict),
    /// A secret that cannot be read.
    #[error("{error}: {at}")]
    Secret {
        /// Why.
        error: SecretError,
        /// Key and source.
        at: String,
    },
}

impl Conflict {
    /// Whether a tool that is added later may resolve it.
    pub(in crate::config::check) fn awaits_a_tool(&self) -> bool {
        matches!(
            self,
            Self::Scopes(ScopeConflict::UnusedScope { .. } | ScopeConflict::UnknownScope { .. })
                | Self::Operations(OperationConflict::UnknownOperation { kind: Kind::Tool, .. })
        )
    }
}
