//! Checks of several values together: every combination that is not safe stops the start, by name. A file per section; `conflict` names the reasons (a file per section too), `findings` collects them, `run` is the order.

mod acr;
mod api_keys;
mod auth;
mod conflict;
mod deny;
mod families;
mod findings;
mod introspection;
mod issuer;
mod issuer_assertions;
mod issuer_clients;
mod issuers;
mod operations;
mod own_login;
mod providers;
mod roles;
mod run;
mod scopes;
mod server;
mod stdio;
mod store;
#[cfg(test)]
mod tests;
mod upstreams;

pub use conflict::{
    ApiKeyConflict, AuthConflict, BuiltInIssuerConflict, Conflict, DenyConflict, IntrospectionConflict,
    IssuerClientConflict, OperationConflict, RoleConflict, ScopeConflict, ServerConflict, StdioConflict,
    StoreConflict, TrustedIssuerConflict, UpstreamConflict,
};
pub use run::Checked;
