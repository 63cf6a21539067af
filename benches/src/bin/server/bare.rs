//! rmcp as it is, set up for speed as its documentation describes: no sessions, JSON answers, the router
//! built once, the server behind one `Arc`, `TCP_NODELAY`. No authorization, no limits, no checks of the host.

use std::sync::Arc;

use axum::Router;
use axum::serve::ListenerExt as _;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};

use super::{Error, announce, listen};

/// What the tool adds.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub(super) struct Sum {
    a: i64,
    b: i64,
}

/// One tool.
pub(super) struct One {
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl One {
    pub(super) fn new() -> Self {
        Self { tool_router: Self::tool_router() }
    }

    #[tool(description = "Adds two numbers.")]
    async fn add(&self, Parameters(Sum { a, b }): Parameters<Sum>) -> String {
        (a + b).to_string()
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for One {}

/// Two hundred tools.
pub(super) struct Many {
    tool_router: ToolRouter<Self>,
}

macro_rules! many {
    ($($name:ident)*) => {
        #[tool_router]
        impl Many {
            pub(super) fn new() -> Self {
                Self { tool_router: Self::tool_router() }
            }

            $(
                #[tool(description = "Adds two numbers.")]
                async fn $name(&self, Parameters(Sum { a, b }): Parameters<Sum>) -> String {
                    (a + b).to_string()
                }
            )*
        }
    };
}
mcp_auth_bench::two_hundred!(many);

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Many {}

/// Serves until it is killed.
pub(super) async fn serve<S: ServerHandler>(server: S) -> Result<(), Error> {
    let server = Arc::new(server);
    let config =
        StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    let manager = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(Arc::clone(&server)), manager, config);
    let router = Router::new().route_service("/mcp", service);
    let listener = listen().await?;
    announce(listener.local_addr()?)?;
    let listener = listener.tap_io(|stream| {
        let _slower_without = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}
