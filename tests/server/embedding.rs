//! A server as a part of an application that has its own routes, state and listener.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use mcp_auth::ambient::SystemClock;
use mcp_auth::rmcp::ServiceExt as _;
use mcp_auth::rmcp::model::CallToolRequestParams;
use mcp_auth::rmcp::transport::StreamableHttpClientTransport;
use mcp_auth::rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use mcp_auth::testing::{Client, Era, TestIssuer};
use mcp_auth::{Config, Server, ServerBuilder, Shutdown};
use serde_json::{Value, json};

use crate::everything::{CONFIG, Everything};
use crate::sessions::streams::Keys;
use crate::talks::in_time;

/// An application with the server in it, at `/api/mcp`.
struct Application {
    address: String,
    issuer: TestIssuer,
    shutdown: Shutdown,
    served: tokio::task::JoinHandle<()>,
}

impl Application {
    async fn start(everything: &Everything) -> Self {
        Self::start_with(everything, |builder| builder, Router::new()).await
    }

    /// The same, the server changed by `change`, with more routes beside it.
    async fn start_with(
        everything: &Everything,
        change: impl FnOnce(ServerBuilder<Everything>) -> ServerBuilder<Everything>,
        more: Router,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let issuer = TestIssuer::new("https://issuer.test", Arc::new(SystemClock));
        let config = format!(
            "[server]\npath = \"/api/mcp\"\npublic_url = \"http://{address}/api/mcp\"\n{CONFIG}\
             [[auth.issuers]]\nissuer = \"https://issuer.test\"\njwks_uri = \"https://issuer.test/jwks\"\n"
        );
        let shutdown = Shutdown::new();
        let mcp = change(Server::builder(everything.clone()))
            .config(Config::from_toml_str(&config).expect("a configuration"))
            .fetch(Arc::new(Keys(issuer.jwks())))
            .shutdown(shutdown.clone())
            .router()
            .await
            .expect("a router");
        let pages = Router::new()
            .route("/", get(|State(name): State<&'static str>| async move { format!("welcome to {name}") }))
            .route("/healthy", get(|| async { "ours" }))
            .with_state("the shop");
        let api = Router::new().route("/api/items", get(|| async { "[]" }));
        let application = pages.merge(mcp).merge(api).merge(more).fallback(|| async { "our own 404" });
        let stopping = shutdown.stopping();
        let served = tokio::spawn(async move {
            let graceful =
                axum::serve(listener, application).with_graceful_shutdown(stopping.cancelled_owned());
            graceful.await.expect("served");
        });
        Self { address, issuer, shutdown, served }
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn token(&self, scopes: &str) -> String {
        self.issuer.token("alice", &self.at("/api/mcp")).scope(scopes).mint()
    }

    async fn page(&self, path: &str) -> (u16, String) {
        let client = crate::wire::http();
        let answer = client.get(self.at(path)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }
}

#[tokio::test]
async fn routes_of_the_application_and_of_the_server_stand_side_by_side() {
    let everything = Everything::default();
    let application = Application::start(&everything).await;
    for (path, page) in [
        ("/", "welcome to the shop"),
        ("/healthy", "ours"),
        ("/api/items", "[]"),
        ("/api/nothing", "our own 404"),
        ("/api/mcp/below", "our own 404"),
        ("/healthz", "ok\n"),
    ] {
        assert_eq!(application.page(path).await, (200, page.to_owned()), "{path}");
    }
    let (status, metadata) = application.page("/.well-known/oauth-protected-resource/api/mcp").await;
    let metadata: Value = serde_json::from_str(&metadata).expect("metadata");
    assert_eq!((status, &metadata["resource"]), (200, &application.at("/api/mcp").into()));
    assert_eq!(metadata["authorization_servers"], json!(["https://issuer.test"]));
}

#[tokio::test]
async fn health_can_be_left_to_the_application() {
    let everything = Everything::default();
    let own = Router::new().route("/healthz", get(|| async { "the whole shop is well" }));
    let application = Application::start_with(&everything, ServerBuilder::without_health, own).await;
    assert_eq!(application.page("/healthz").await, (200, "the whole shop is well".to_owned()));
    assert_eq!(application.page("/readyz").await.1, "our own 404");
    let client = Client::new(application.at("/api/mcp")).token(application.token("write"));
    assert_eq!(client.call_tool("write_note", json!({ "text": "x" })).await.text(), Some("x"));
}

#[tokio::test]
async fn the_gate_stands_in_front_of_the_server_within_an_application() {
    let everything = Everything::default();
    let application = Application::start(&everything).await;
    for era in Era::ALL {
        let client = |token: Option<String>| {
            let client = Client::new(application.at("/api/mcp")).era(era);
            if let Some(token) = token { client.token(token) } else { client }
        };
        let call = json!({ "name": "write_note", "arguments": { "text": "x" } });
        let anonymous = client(None).request_without_session("tools/call", call).await;
        assert_eq!(anonymous.status(), 401, "{era:?}");
        let challenge = anonymous.challenge().expect("a challenge");
        assert_eq!(challenge.scopes(), ["base", "write"]);
        let metadata = application.at("/.well-known/oauth-protected-resource/api/mcp");
        assert_eq!(challenge.resource_metadata(), Some(metadata.as_str()));
        let reader =
            client(Some(application.token("read"))).call_tool("write_note", json!({ "text": "x" })).await;
        assert_eq!(reader.status(), 403, "{era:?}");
        let before = everything.ran();
        let writer =
            client(Some(application.token("write"))).call_tool("write_note", json!({ "text": "x" })).await;
        assert_eq!(writer.text(), Some("x"), "{era:?} {}", writer.body());
        assert_eq!(everything.ran(), before + 1);
        let foreign = client(Some(application.token("write"))).header("origin", "https://evil.test");
        assert_eq!(foreign.request_without_session("tools/list", json!({})).await.status(), 403, "{era:?}");
    }
}

#[tokio::test]
async fn rmcps_own_client_works_with_a_server_within_an_application() {
    let everything = Everything::default();
    let application = Application::start(&everything).await;
    let config = StreamableHttpClientTransportConfig::with_uri(application.at("/api/mcp"))
        .auth_header(application.token("write"));
    let client = ().serve(StreamableHttpClientTransport::from_config(config)).await.expect("connected");
    let tools = client.list_all_tools().await.expect("tools");
    assert!(tools.iter().any(|tool| tool.name == "write_note"));
    let arguments = json!({ "text": "from rmcp" }).as_object().cloned().expect("arguments");
    let call = CallToolRequestParams::new("write_note").with_arguments(arguments);
    let answer = client.call_tool(call).await.expect("an answer");
    assert_eq!(answer.content[0].as_text().expect("text").text, "from rmcp");
    assert!(client.call_tool(CallToolRequestParams::new("audit_log")).await.is_err(), "403");
    assert_eq!(everything.ran(), 1);
    client.cancel().await.expect("closed");
}

#[tokio::test]
async fn the_application_decides_when_the_server_stops() {
    let everything = Everything::default();
    let application = Application::start(&everything).await;
    assert_eq!(application.page("/readyz").await.0, 200);
    application.shutdown.trigger();
    in_time(application.served).await.expect("stopped");
}
