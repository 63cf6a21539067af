//! The whole of `mcp.toml`: its sections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::auth::Auth;
use super::cors::Cors;
use super::issuer::BuiltInIssuer;
use super::limits::Limits;
use super::log::Log;
use super::operations::Narrowed;
use super::pages::Pages;
use super::roles::Roles;
use super::scopes::Scopes;
use super::server::Server;
use super::stdio::Stdio;
use super::store::Store;
use super::upstreams::Upstreams;

/// The configuration of an mcp-auth server: `mcp.toml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "mcp.toml")]
#[non_exhaustive]
pub struct Document {
    /// How the server is reached, and what it is called.
    pub server: Server,
    /// Whose tokens are accepted, what a caller needs first, and how refusals look.
    pub auth: Auth,
    /// The built-in issuer: this process issues tokens and accepts them. With the default login, which asks for no password, it is for this
    /// computer alone; other computers may reach it with a login that asks for proof (`login`), a store that lasts (`[store]`), and https.
    pub issuer: Option<BuiltInIssuer>,
    /// Providers by name: people log in at the one that `login` in `[issuer]` names, and connect accounts that tools act for at the others.
    #[schemars(with = "std::collections::BTreeMap<String, crate::config::section::upstreams::Upstream>")]
    pub upstreams: Upstreams,
    /// What scopes mean, and which narrower ones they imply.
    #[schemars(with = "std::collections::BTreeMap<String, crate::config::section::scopes::ScopeEntry>")]
    pub scopes: Scopes,
    /// Roles of this server, and which callers hold each by what their tokens claim.
    #[schemars(with = "std::collections::BTreeMap<String, crate::config::section::roles::RoleEntry>")]
    pub roles: Roles,
    /// What an operator adds to tools that the program declares, by name. It only narrows.
    pub tools: Narrowed,
    /// The same for prompts.
    pub prompts: Narrowed,
    /// The same for resources, by URI or URI template as the program writes it.
    pub resources: Narrowed,
    /// Who the caller is on standard input and output.
    pub stdio: Stdio,
    /// Limits on sizes, numbers and times.
    pub limits: Limits,
    /// The pages that people see.
    pub pages: Pages,
    /// Which web pages may talk to the server from a browser.
    pub cors: Cors,
    /// Where the server keeps what it has to know again.
    pub store: Store,
    /// What is written to standard error.
    pub log: Log,
}
