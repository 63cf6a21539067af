//! A client at the other end of the gate, and a handler behind it that says what reached it.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use mcp_auth_core::Hierarchy;
use mcp_auth_core::ambient::{SystemClock, SystemRandom};
use mcp_auth_store::{Caps, Store};
use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomNotification, JsonObject,
    Tool,
};
use rmcp::service::{NotificationContext, RequestContext};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::*;
use crate::authn::holder;
use crate::authz::{Connect, Permit, Policy, Settings, Visibility};
use crate::call::build;
use crate::declared::Rule;
use crate::declared::registry::Registry;
use crate::dispatch::Rulebook;
use crate::envelope::Message;
use crate::owned::Tasks;

#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(super) fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub(super) fn has(&self, what: &str) -> bool {
        self.0.lock().unwrap().iter().any(|noted| noted == what)
    }
}

/// Tools named for how long they take.
pub(super) struct Handler(pub(super) Log);

/// The tool or method that the permit is for.
fn permitted(extensions: &Extensions) -> Option<&str> {
    match extensions.get::<Permit>()?.message() {
        Message::Tool { name, .. } => Some(name),
        Message::Other { method } => Some(method),
        _ => None,
    }
}

impl ServerHandler for Handler {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.0.note(request.name.clone());
        if permitted(&context.extensions) != Some(&*request.name) {
            return Err(ErrorData::internal_error("no permit", None));
        }
        match &*request.name {
            "slow" => tokio::time::sleep(Duration::from_millis(300)).await,
            "until cancelled" => context.ct.cancelled().await,
            "stubborn" => std::future::pending().await,
            _ => {}
        }
        Ok(CallToolResult::success(vec![ContentBlock::text(request.name)]).into())
    }

    async fn on_custom_notification(
        &self,
        notification: CustomNotification,
        context: NotificationContext<RoleServer>,
    ) {
        let granted = permitted(&context.extensions) == Some(&*notification.method);
        self.0.note(format!("{} {granted}", notification.method));
    }
}

/// What is named `secret` needs a scope that the caller does not hold.
fn gate() -> Arc<Gate> {
    let tool = |rule, name| build::tool(rule, Tool::new_with_raw(name, None, JsonObject::new()));
    let open = ["a", "b", "c", "after", "open", "slow", "until cancelled", "stubborn"];
    let mut declared: Vec<_> = open.into_iter().map(|name| tool(Rule::PUBLIC, name)).collect();
    declared.push(tool(build::all(&["todos.write"]), "secret"));
    declared.push(build::method(build::all(&["todos.write"]), "notifications/secret"));
    let registry = Registry::new(declared).unwrap();
    let (connect, visibility) = (Connect::Authenticated, Visibility::All);
    let settings = Settings { connect, visibility, ..Settings::default() };
    let tasks = Tasks::new(Store::memory(Caps::default()), Arc::new(SystemClock));
    let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
    Arc::new(Gate::new(None, Arc::new(Rulebook::new(registry, policy, tasks))))
}

/// What comes of asking who speaks.
#[derive(Clone, Copy)]
pub(super) enum Mood {
    SomebodyKnown,
    Anonymous,
    Panics,
    Waits,
}

type Who = Box<dyn Fn() -> BoxFuture<'static, Result<Identity, Rejection>> + Send + Sync>;

pub(super) fn walk(mood: &Arc<Mutex<Mood>>, limits: StdioLimits) -> Walk<Who> {
    let mood = Arc::clone(mood);
    let who = move || -> BoxFuture<'static, Result<Identity, Rejection>> {
        let mood = *mood.lock().unwrap();
        Box::pin(async move {
            match mood {
                Mood::SomebodyKnown => Ok(holder("")),
                Mood::Anonymous => Ok(Identity::Anonymous),
                Mood::Panics => panic!("a gate with a bug"),
                Mood::Waits => std::future::pending().await,
            }
        })
    };
    Walk { gate: gate(), who: Box::new(who), limits, random: Arc::new(SystemRandom) }
}

pub(super) struct Client {
    input: Option<PipeWriter>,
    pub(super) answers: std::sync::mpsc::Receiver<Value>,
    pub(super) log: Log,
    mood: Arc<Mutex<Mood>>,
    pub(super) shutdown: CancellationToken,
    served: tokio::task::JoinHandle<Result<(), StdioError>>,
}

impl Client {
    pub(super) fn connect() -> Self {
        Self::connect_with(StdioLimits { line_bytes: 1000, ..StdioLimits::default() })
    }

    pub(super) fn connect_with(limits: StdioLimits) -> Self {
        let (server_in, input) = std::io::pipe().unwrap();
        let (output, server_out) = std::io::pipe().unwrap();
        let (log, shutdown) = (Log::default(), CancellationToken::new());
        let mood = Arc::new(Mutex::new(Mood::SomebodyKnown));
        let served = tokio::spawn(serve_streams(
            Handler(log.clone()),
            walk(&mood, limits),
            shutdown.clone(),
            server_in,
            server_out,
        ));
        Self { input: Some(input), answers: read_answers(output), log, mood, shutdown, served }
    }

    /// A client that has shaken hands the way revisions before 2026-07-28 do.
    pub(super) async fn legacy() -> Self {
        let mut client = Self::connect();
        client.send(initialize());
        let answer = client.answer().await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
        client.send(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    /// The same, once what it said has been worked on.
    pub(super) async fn settled() -> Self {
        let mut client = Self::legacy().await;
        client.send(call(0, "a"));
        assert_eq!(text_of(&client.answer().await), "a");
        client
    }

    pub(super) fn is_in(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(super) fn send(&mut self, message: Value) {
        self.send_text(&message.to_string());
    }

    pub(super) fn send_text(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    pub(super) fn send_bytes(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(super) async fn answer(&mut self) -> Value {
        self.answer_within(Duration::from_secs(5)).await.expect("an answer")
    }

    pub(super) async fn answer_within(&mut self, patience: Duration) -> Option<Value> {
        let start = Instant::now();
        loop {
            match self.answers.try_recv() {
                Ok(answer) => return Some(answer),
                Err(_) if start.elapsed() > patience => return None,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    pub(super) async fn is_silent(&mut self) {
        let answer = self.answer_within(Duration::from_millis(150)).await;
        assert!(answer.is_none(), "{answer:?}");
    }

    /// Hangs up, and says what serving ended with and how long that took.
    pub(super) async fn hang_up(&mut self) -> Duration {
        self.input = None;
        self.ended().await
    }

    pub(super) async fn ended(&mut self) -> Duration {
        let start = Instant::now();
        tokio::time::timeout(Duration::from_secs(5), &mut self.served)
            .await
            .expect("an end")
            .unwrap()
            .unwrap();
        start.elapsed()
    }
}

fn read_answers(output: PipeReader) -> std::sync::mpsc::Receiver<Value> {
    let (sender, answers) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let answer = serde_json::from_str(&line.unwrap()).expect("every line is one JSON text");
            if sender.send(answer).is_err() {
                return;
            }
        }
    });
    answers
}

pub(super) fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "protocolVersion": "2025-06-18",
        "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } })
}

pub(super) fn call(id: impl Into<Value>, tool: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": "tools/call", "params": { "name": tool } })
}

pub(super) fn modern(mut message: Value) -> Value {
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    message
}

pub(super) fn text_of(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}
