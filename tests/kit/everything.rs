//! A server with one operation of every kind and every rule, that counts what ran.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::extract::{Peer, RequestContext, RoleServer};
use mcp_auth::prelude::*;
use mcp_auth::testing::{TestServer, TestServerBuilder};
use mcp_auth::{schemars, serde, serde_json};
use serde_json::{Value, json};

/// Base scopes and what implies what, laid over the testing module's default configuration.
pub const CONFIG: &str = r#"
[auth]
base_scopes = ["base"]

[scopes.base]
description = "What every client asks for first"

[scopes.admin]
description = "Everything"
implies = ["write"]

[scopes.write]
description = "Change notes"
implies = ["read"]
"#;

/// The server; its clones count together.
#[derive(Debug, Clone, Default)]
pub struct Everything {
    ran: Arc<AtomicUsize>,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde", deny_unknown_fields)]
#[schemars(crate = "mcp_auth::schemars")]
pub struct Note {
    /// The text of the note.
    pub text: String,
}

impl Everything {
    /// How many methods ran, so that a test can show that none did.
    pub fn ran(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }

    fn run(&self) {
        self.ran.fetch_add(1, Ordering::SeqCst);
    }

    /// Starts it with [`CONFIG`].
    pub async fn start(&self) -> TestServer {
        self.start_with("").await
    }

    /// Starts it with [`CONFIG`] and then some.
    pub async fn start_with(&self, toml: &str) -> TestServer {
        self.builder(toml).start().await.expect("the server starts")
    }

    /// A builder with [`CONFIG`] and then some.
    pub fn builder(&self, toml: &str) -> TestServerBuilder<Self> {
        let builder = TestServer::builder(self.clone()).toml(CONFIG).expect("the base configuration");
        builder.toml(toml).expect("the test's configuration")
    }
}

/// One of everything.
#[server(name = "everything")]
impl Everything {
    /// Anyone.
    #[tool(public)]
    fn ping(&self) -> &'static str {
        self.run();
        "pong"
    }

    /// Anyone; says who.
    #[tool(public)]
    fn who(&self, caller: Option<Caller>) -> String {
        self.run();
        caller.map_or_else(|| "anonymous".to_owned(), |caller| caller.subject().to_owned())
    }

    /// Any verified caller.
    #[tool(authenticated)]
    fn whoami(&self, caller: Caller) -> Json<Value> {
        self.run();
        Json(json!({
            "id": caller.id(), "subject": caller.subject(), "issuer": caller.issuer(),
            "client_id": caller.client_id(), "scopes": caller.scopes().to_string(),
            "roles": caller.roles().to_string(), "tenant": caller.tenant(),
        }))
    }

    /// Needs what every client is asked for first.
    #[tool(scope = "base")]
    fn based(&self) -> &'static str {
        self.run();
        "based"
    }

    /// Needs read.
    #[tool(scope = "read", read_only)]
    async fn read_note(&self) -> &'static str {
        self.run();
        "a note"
    }

    /// Needs write.
    #[tool(scope = "write")]
    async fn write_note(&self, Parameters(note): Parameters<Note>) -> Result<String, ToolError> {
        self.run();
        Ok(note.text)
    }

    /// Needs both.
    #[tool(scopes = ["export", "read"])]
    async fn export_notes(&self) -> &'static str {
        self.run();
        "exported"
    }

    /// Needs one of two; the challenge names the first.
    #[tool(any_scope = ["audit", "admin"])]
    async fn audit_log(&self) -> &'static str {
        self.run();
        "logged"
    }

    /// Everything a tool can find of the request: its headers, extensions and URI, as text.
    #[tool(authenticated)]
    async fn request_parts(&self, context: RequestContext<RoleServer>) -> String {
        self.run();
        let parts = context.extensions.get::<mcp_auth::http::request::Parts>();
        format!("{parts:?} {:?} {:?}", context.extensions, context.meta)
    }

    /// Panics.
    #[tool(public)]
    async fn panics(&self) -> String {
        self.run();
        panic!("a tool that panics")
    }

    /// Reports progress and answers.
    #[tool(authenticated)]
    async fn works(&self, context: RequestContext<RoleServer>, peer: Peer<RoleServer>) -> String {
        self.run();
        if let Some(token) = context.meta.get_progress_token() {
            let progress = mcp_auth::model::ProgressNotificationParam::new(token, 1.0);
            let _ = peer.notify_progress(progress).await;
        }
        "done".to_owned()
    }

    /// A fixed resource.
    #[resource(uri = "note://all", scope = "read", mime_type = "text/plain")]
    async fn all_notes(&self) -> &'static str {
        self.run();
        "every note"
    }

    /// One note.
    #[resource(uri = "note://{id}", scope = "read")]
    async fn note(&self, id: u32) -> String {
        self.run();
        format!("note {id}")
    }

    /// A public resource.
    #[resource(uri = "about://server", public)]
    fn about(&self) -> &'static str {
        self.run();
        "a test server"
    }

    /// A prompt.
    #[prompt(scope = "read")]
    async fn summarize(&self) -> &'static str {
        self.run();
        "Summarize my notes."
    }

    #[method("completion/complete", authenticated)]
    async fn complete(&self) -> Json<Value> {
        self.run();
        Json(json!({ "completion": { "values": [] } }))
    }

    #[method("resources/subscribe", authenticated)]
    async fn subscribe(&self) {
        self.run();
    }

    #[method("acme/report", scope = "write")]
    async fn report(&self) -> Json<Value> {
        self.run();
        Json(json!({ "report": "fine" }))
    }
}
