//! What the page on migrating says about the wire, held against the same server on plain rmcp and on mcp-auth.

use mcp_auth::http::{HeaderMap, HeaderName, HeaderValue};
use mcp_auth::prelude::*;
use mcp_auth::serde_json::json;
use mcp_auth::testing::{Client, Era, TestServer};
use mcp_auth_tests::site::Served;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};

mod before {
    use rmcp::handler::server::router::tool::ToolRouter;
    use rmcp::model::{ServerCapabilities, ServerConfig};
    use rmcp::{ServerHandler, tool, tool_handler, tool_router};

    #[derive(Clone)]
    pub(crate) struct Todos {
        tool_router: ToolRouter<Self>,
    }

    #[tool_router]
    impl Todos {
        pub(crate) fn new() -> Self {
            Self { tool_router: Self::tool_router() }
        }

        #[tool(description = "List the todos.")]
        async fn list_todos(&self) -> String {
            "water the plants".to_owned()
        }
    }

    #[tool_handler(router = self.tool_router)]
    impl ServerHandler for Todos {
        fn get_info(&self) -> ServerConfig {
            ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
        }
    }
}

#[derive(Clone)]
struct Todos;

/// The same.
#[server(name = "todos")]
impl Todos {
    /// List the todos.
    #[tool(scope = "todos.read")]
    async fn list_todos(&self) -> String {
        "water the plants".to_owned()
    }
}

/// The server of before.
async fn before() -> Served {
    let service = StreamableHttpService::new(
        || Ok(before::Todos::new()),
        LocalSessionManager::default().into(),
        StreamableHttpServerConfig::default(),
    );
    Served::new(axum::Router::new().nest_service("/mcp", service)).await
}

fn headers(more: &[(&str, &str)]) -> HeaderMap {
    let usual = [("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
    let pair = |(name, value): &(&str, &str)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
    };
    usual.iter().chain(more).filter_map(pair).collect()
}

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
const MODERN: [(&str, &str); 2] = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];

#[tokio::test]
async fn what_the_page_says_about_the_wire_is_so() {
    let plain = before().await;
    let old = |path: &str| Client::new(plain.at(path));
    let new = TestServer::start(Todos).await.expect("a server");
    let token = format!("Bearer {}", new.token("alice").scope("todos.read").mint());
    let authorized: Vec<(&str, &str)> = [&MODERN[..], &[("authorization", &token)]].concat();

    for (what, more, body, expected) in [
        ("as it should be", vec![], LIST.to_owned(), [200, 200]),
        ("another origin", vec![("origin", "https://evil.example")], LIST.to_owned(), [200, 403]),
        ("two methods", vec![], LIST.replacen('{', "{\"method\":\"ping\",", 1), [415, 400]),
        ("a batch", vec![], format!("[{LIST}]"), [415, 400]),
        ("broken JSON", vec![], "{".to_owned(), [415, 400]),
    ] {
        let [before, after] = [
            old("/mcp").post(body.clone(), headers(&[&MODERN[..], &more].concat())).await,
            Client::new(new.url()).post(body, headers(&[&authorized[..], &more].concat())).await,
        ];
        assert_eq!([before.status(), after.status()], expected, "{what}: {} {}", before.body(), after.body());
        if after.status() == 400 {
            assert_eq!(before.error(), None, "{what}: text, no JSON-RPC");
            assert!(after.error().is_some(), "{what}: a JSON-RPC error");
        }
        if what == "as it should be" {
            let caching =
                [&before, &after].map(|answer| answer.result().expect("a list")["cacheScope"].clone());
            assert_eq!(caching, ["public", "private"]);
            let kinds = [&before, &after].map(|answer| answer.header("content-type").unwrap_or_default());
            assert_eq!(kinds, ["text/event-stream", "application/json"]);
        }
    }
    for path in ["/mcp/", "/mcp/x"] {
        let before = old(path).post(LIST, headers(&MODERN)).await;
        let after = Client::new(new.at(path)).post(LIST, headers(&authorized)).await;
        assert_eq!([before.status(), after.status()], [200, 404], "{path}");
    }
    for (path, expected) in [
        ("/.well-known/oauth-protected-resource/mcp", [404, 200]),
        ("/healthz", [404, 200]),
        ("/readyz", [404, 200]),
    ] {
        let get = |url: String| async move { reqwest::get(url).await.expect("an answer").status().as_u16() };
        assert_eq!([get(plain.at(path)).await, get(new.at(path)).await], expected, "{path}");
    }
}

#[tokio::test]
async fn tools_answer_as_before_and_a_caller_is_asked_for() {
    let plain = before().await;
    let new = TestServer::start(Todos).await.expect("a server");
    for era in Era::ALL {
        let old = Client::new(plain.at("/mcp")).era(era);
        let caller = new.client().era(era).token(new.token("alice").scope("todos.read"));
        let [before, after] =
            [old.call_tool("list_todos", json!({})).await, caller.call_tool("list_todos", json!({})).await];
        assert_eq!(before.result(), after.result(), "{era:?}");
        let anonymous = new.client().era(era).call_tool("list_todos", json!({})).await;
        assert_eq!(anonymous.status(), 401, "{era:?}");
        assert!(anonymous.challenge().is_some(), "{era:?}");
    }
}
