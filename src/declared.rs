//! What `#[server]` declares, as data: what [`Handler::operations`](crate::Handler::operations) returns and
//! [`Config::check`](crate::Config::check) checks against; for tools that look at a server without serving it.

pub use mcp_auth_core::uri_template::{InvalidTemplate, UriTemplate};
pub use mcp_auth_core::{Cycle, Hierarchy, InvalidScope};
pub use mcp_auth_runtime::call::handler::{About, CallFn, CallFuture, Operations, Part, Route, Routes};
pub use mcp_auth_runtime::declared::Kind;
pub use mcp_auth_runtime::declared::registry::{Declaration, Duplicate, Item, OperationId, Registry};
pub use mcp_auth_runtime::declared::table::{OperationsError, operations_from_json};
