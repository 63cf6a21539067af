//! What `#[server]` declares, as data: what [`Handler::operations`](crate::Handler::operations) returns and
//! [`Config::check`](crate::Config::check) checks against; for tools that look at a server without serving it.

pub use mcp_auth_core::uri_template::{InvalidTemplate, UriTemplate};
pub use mcp_auth_core::{Acr, Cycle, Hierarchy, InvalidAcr, InvalidRole, InvalidScope, LoginTerms, Role};
pub use mcp_auth_runtime::facade::{
    About, CallFn, CallFuture, Confirm, Declaration, DeclarationError, Duplicate, InvalidRule, Item, Kind,
    OperationId, Operations, OperationsError, Part, Registry, Route, Routes, ScopeTerm, UnsupportedArguments,
    Who, operations_from_json,
};
