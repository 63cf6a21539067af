//! MCP servers in which authorization is declared, not written.
//!
//! Annotate the methods of a type, write `mcp.toml`, run. Any MCP client that speaks OAuth can then log in
//! and does exactly what its scopes allow; over stdio the same binary takes its credential from the
//! environment.
//!
//! ```
//! use mcp_auth::prelude::*;
//! # use mcp_auth::{schemars, serde};
//!
//! #[derive(serde::Serialize, schemars::JsonSchema)]
//! # #[serde(crate = "mcp_auth::serde")]
//! # #[schemars(crate = "mcp_auth::schemars")]
//! struct Todo { id: u64, title: String }
//!
//! #[derive(Clone)]
//! struct Todos;
//!
//! /// A to-do list for each caller.
//! #[server]
//! impl Todos {
//!     /// The caller's todos.
//!     #[tool(scope = "todos.read", read_only)]
//!     async fn list_todos(&self, caller: Caller) -> Result<Json<Vec<Todo>>, ToolError> {
//!         Ok(Json(vec![Todo { id: 1, title: format!("greet {}", caller.subject()) }]))
//!     }
//!
//!     /// Is the server up?
//!     #[tool(public)]
//!     async fn ping(&self) -> &'static str {
//!         "pong"
//!     }
//!
//!     /// One todo.
//!     #[resource(uri = "todo://{id}", scope = "todos.read")]
//!     async fn todo(&self, id: u64) -> Result<Json<Todo>, ToolError> {
//!         Ok(Json(Todo { id, title: "water the plants".to_owned() }))
//!     }
//!
//!     #[prompt(scope = "todos.read")]
//!     fn plan_my_day(&self) -> &'static str {
//!         "Read my todos and plan my day."
//!     }
//! }
//! # use mcp_auth::Handler;
//! let (registry, _) = Todos::operations().build()?;
//! assert_eq!(registry.scopes().to_string(), "todos.read");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A `#[tool]` that does not say who may call it does not compile.
//!
//! # Read on
//! The book has a chapter each: [quick start][q], [declare rules][d], [configure][c], [stdio][s],
//! [test your server][t], [as a part of an axum application][a], [deploy][o]. Here, [`extract`] lists what a method
//! may take, [`answer`] what it may answer, and [`ToolError`] says how it fails.
//!
//! [q]: https://github.com/mcp-auth/mcp-auth/blob/main/docs/src/quick-start.md
//! [d]: https://github.com/mcp-auth/mcp-auth/blob/main/docs/src/declare-rules.md
//! [c]: https://github.com/mcp-auth/mcp-auth/blob/main/docs/src/configure.md
//! [s]: https://github.com/mcp-auth/mcp-auth/blob/main/docs/src/stdio.md
//! [t]: https://github.com/mcp-auth/mcp-auth/blob/main/docs/src/test-your-server.md
//! [a]: https://github.com/mcp-auth/mcp-auth/blob/main/docs/src/migrate-from-rmcp.md#as-a-part-of-an-axum-application
//! [o]: https://github.com/mcp-auth/mcp-auth/blob/main/docs/src/deploy.md
//!
//! # Features
//! | feature | brings | default |
//! |---|---|---|
//! | `issuer` | the built-in OAuth 2.1 authorization server: `[issuer]` | |
//! | `postgres` | a store that lasts, in a PostgreSQL database: `[store]` | |
//! | `redis` | a store that lasts, in a Redis or Valkey server: `[store]` | |
//! | `sqlite` | a store that lasts, in one SQLite file: `[store]` | |
//! | `testing` | [`testing`]: your server on a free port with a throwaway issuer | |
//! | `tls` | TLS in the server's own process: `[server.tls]` | |
//!
//! # Derives without dependencies
//! The macros need nothing in your `Cargo.toml` but this crate. Derive macros of serde and schemars look for
//! their own crates, unless told where these are re-exported:
//!
//! ```
//! use mcp_auth::{schemars, serde};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(crate = "mcp_auth::serde")]
//! #[schemars(crate = "mcp_auth::schemars")]
//! struct NewTodo { title: String }
//! # let new: NewTodo = mcp_auth::serde_json::from_str(r#"{"title": "a"}"#)?;
//! # assert_eq!(new.title, "a");
//! # Ok::<(), mcp_auth::serde_json::Error>(())
//! ```
//!
//! With `serde` and `schemars` among your own dependencies, the two attributes are not needed.

pub use mcp_auth_core::ambient;
pub use mcp_auth_core::{RoleSet, Scope, ScopeSet};
#[cfg(feature = "issuer")]
pub use mcp_auth_issuer::own_login;
pub use mcp_auth_macros::{method, prompt, resource, server, tool};
pub use mcp_auth_runtime::config::{self, Config};
pub use mcp_auth_runtime::facade::{
    Caller, Claims, Decision, Error, Handler, Result, Rule, Running, ServerBuilder, Shutdown, ToolError,
    ToolNotAdded, Tools,
};
pub use serve::{Server, serve, serve_with};

#[cfg(feature = "testing")]
pub use mcp_auth_runtime::testing;

pub use mcp_auth_runtime::rmcp::{self, ErrorData, Json, model};
pub use mcp_auth_runtime::{http, url};
#[doc(no_inline)]
pub use mcp_auth_runtime::{schemars, serde, serde_json, tracing};

pub mod answer;
pub mod authn;
pub mod declared;
pub mod extract;
pub mod prelude;
mod serve;

#[doc(hidden)]
pub mod __private;
