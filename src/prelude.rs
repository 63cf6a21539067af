//! What a server is written with: `use mcp_auth::prelude::*;`.

pub use crate::extract::{
    Ask, CancellationToken, JsonObject, Parameters, Peer, Reply, RequestContext, RoleServer, Upstream,
};
pub use crate::model::{
    CallToolResult, ContentBlock, GetPromptResult, InputRequiredResult, PromptMessage, ReadResourceResult,
    ResourceContents, Role,
};
pub use crate::{Caller, Claims, Decision, ErrorData, Json, ToolError};
pub use crate::{method, prompt, resource, server, tool};
