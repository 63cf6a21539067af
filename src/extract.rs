//! What a method may take, in any order.
//!
//! | parameter | is |
//! |---|---|
//! | [`Caller`] | the verified caller; `Option<Caller>` where the operation is `public` |
//! | [`Claims<T>`](Claims) | the claims of the caller's token as your type |
//! | [`Parameters<T>`](Parameters) | the arguments of a tool or prompt, the params of a method |
//! | [`JsonObject`] | the same as they came |
//! | `id: T` in `#[resource(uri = "todo://{id}")]` | the variable of that name, by `FromStr` |
//! | [`Upstream`] | the provider of `#[tool(upstream = "NAME")]`, for the person who calls: an access token for its API |
//! | [`Ask`] | the person in front of the client, asked with a form or sent to a URL; `mut` |
//! | [`Peer<RoleServer>`](Peer) | the client: progress, log messages, sampling |
//! | [`CancellationToken`] | cancelled when the client cancels |
//! | `Option<`[`ProgressToken`]`>` | what progress notifications carry |
//! | [`RequestState`], [`InputResponses`] | what the client sends back after an `InputRequiredResult`, where [`Ask`] is not enough; at least once, or with `server.rounds = "once"` once |
//! | [`SubscriptionContext`] | the subscription, in `#[method("subscriptions/listen", …)]` |
//! | [`RequestContext<RoleServer>`](RequestContext), [`RequestMetaObject`], [`RequestId`], [`ToolName`], [`PromptName`], [`Extensions`], [`Extension<T>`](Extension) | what rmcp knows of the request |
//! | your own type | what its [`FromCall`] makes of the [`Call`] |

pub use mcp_auth_core::Era;
pub use mcp_auth_runtime::facade::{Ask, Call, Caller, Claims, FromCall, Reply, Upstream, UpstreamToken};
pub use mcp_auth_runtime::rmcp::handler::server::common::{Extension, RequestId};
pub use mcp_auth_runtime::rmcp::handler::server::prompt::PromptName;
pub use mcp_auth_runtime::rmcp::handler::server::tool::{InputResponses, RequestState, ToolName};
pub use mcp_auth_runtime::rmcp::handler::server::wrapper::Parameters;
pub use mcp_auth_runtime::rmcp::model::{Extensions, JsonObject, ProgressToken, RequestMetaObject};
pub use mcp_auth_runtime::rmcp::service::{Peer, RequestContext, RoleServer, SubscriptionContext};
pub use mcp_auth_runtime::tokio_util::sync::CancellationToken;
