//! One MCP connection, in any revision that the server speaks, with its refusals as typed values.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::challenge::{Reading, ReceivedChallenge};
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, ErrorData, FormElicitationCapability, Implementation, InitializeRequestParams,
    JsonObject, PaginatedRequestParams, ProgressNotificationParam, ProtocolVersion, RequestMetaObject, Tool,
    UrlElicitationCapability,
};
#[expect(deprecated, reason = "SEP-2577 takes them away; until then servers write their log this way")]
use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam};
use rmcp::service::{
    ClientInitializeError, NotificationContext, RequestContext, RunningService, ServiceError,
};
use rmcp::transport::streamable_http_client::{
    AuthRequiredError, InsufficientScopeError, StreamableHttpClientTransport,
    StreamableHttpClientTransportConfig,
};
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient};
use tokio::sync::oneshot;

use super::Client;
use mcp_auth_core::SecretText;

use crate::secret::Scrubber;
use crate::terminal::shown_line;

/// The most pages of a list that are asked for.
const MOST_PAGES: usize = 100;

/// The longest time for connecting, and for each page of a list. A tool call has no limit: the person can stop it.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open MCP connection.
pub(crate) struct Session(RunningService<RoleClient, Us>);

/// What the server says to the person while a call runs.
#[derive(Debug)]
pub(crate) enum Said {
    /// How far the call is.
    Progress(String),
    /// A line of the server's log, with its level.
    Log(String),
}

/// The person at the terminal, if there is one.
pub(crate) trait Person: Send + Sync {
    /// Whether they can be asked; a server asks only then.
    fn can_be_asked(&self) -> bool;

    /// Puts a question of the server. Called on a thread of its own: it may wait for them.
    fn reply(&self, question: ElicitRequestParams) -> ElicitResult;

    /// Shows them what the server says.
    fn hear(&self, said: Said);
}

/// Us, as the server sees us.
struct Us {
    info: InitializeRequestParams,
    person: Arc<dyn Person>,
}

#[expect(deprecated, reason = "as above")]
impl ClientHandler for Us {
    fn get_info(&self) -> InitializeRequestParams {
        self.info.clone()
    }

    async fn create_elicitation(
        &self,
        question: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        if !self.person.can_be_asked() {
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        }
        let (person, (told, reply)) = (Arc::clone(&self.person), oneshot::channel());
        // Not a task: one that waits for a line keeps the command from ending.
        // Who asked may have gone.
        std::thread::spawn(move || drop(told.send(person.reply(question))));
        Ok(reply.await.unwrap_or_else(|_| ElicitResult::new(ElicitationAction::Cancel)))
    }

    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let total = progress.total.map(|total| format!(" of {total}")).unwrap_or_default();
        let message = progress.message.map(|message| format!(": {message}")).unwrap_or_default();
        self.person.hear(Said::Progress(format!("{}{total}{message}", progress.progress)));
    }

    async fn on_logging_message(
        &self,
        line: LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let text = line.data.as_str().map_or_else(|| line.data.to_string(), str::to_owned);
        let level = serde_json::to_value(line.level).ok();
        let level = level.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        self.person.hear(Said::Log(format!("{level}: {text}")));
    }
}

/// Why the server did not answer as asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// 401: no token was sent, or the server does not accept it.
    Unauthorized { challenge: String },
    /// 403 `insufficient_scope`: the scopes that the server requires.
    InsufficientScope { scopes: Vec<String>, challenge: String },
    /// The server answered with a JSON-RPC error.
    Rpc(ErrorData),
    /// Any other failure, as text.
    Other(String),
}

impl Session {
    /// Connects with revision 2026-07-28, else with the handshake of the earlier revisions.
    pub(crate) async fn connect(
        client: &Client,
        token: Option<&SecretText>,
        person: Arc<dyn Person>,
    ) -> Result<Self, Refusal> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(client.server.as_str());
        if let Some(token) = token {
            config = config.auth_header(token.expose());
        }
        let transport = StreamableHttpClientTransport::with_client(client.http.clone(), config);
        let mut info = InitializeRequestParams::default();
        info.client_info = Implementation::new("mcp-auth", env!("CARGO_PKG_VERSION"));
        info.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        if person.can_be_asked() {
            info.capabilities.elicitation = Some(
                ElicitationCapability::new()
                    .with_form(FormElicitationCapability::default())
                    .with_url(UrlElicitationCapability::default()),
            );
        }
        let us = Us { info, person };
        let lifecycle = ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
        };
        let running = us.serve_with_lifecycle(transport, lifecycle);
        let running = within(PATIENCE, running).await?.map_err(|error| refused_to_start(error, token))?;
        Ok(Self(running))
    }

    /// The tools from every page of the list; a list that does not end is refused.
    pub(crate) async fn tools(&self, token: Option<&SecretText>) -> Result<Vec<Tool>, Refusal> {
        let (mut tools, mut cursor) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = PaginatedRequestParams::default().with_cursor(cursor);
            let page = within(PATIENCE, self.0.list_tools(Some(page))).await?;
            let page = page.map_err(|error| refused(error, token))?;
            tools.extend(page.tools);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(tools);
            }
        }
        Err(Refusal::Other(format!("its list of tools has not ended after {MOST_PAGES} pages")))
    }

    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: JsonObject,
        token: Option<&SecretText>,
    ) -> Result<CallToolResult, Refusal> {
        let mut params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        params.meta = Some(with_log());
        self.0.call_tool(params).await.map_err(|error| refused(error, token))
    }

    /// Closes the connection, without waiting for a server that does not answer any more.
    pub(crate) async fn close(self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.0.cancel()).await;
    }
}

/// Since 2026-07-28 a server sends its log for a request that asks for it.
#[expect(deprecated, reason = "as above")]
fn with_log() -> RequestMetaObject {
    let mut meta = RequestMetaObject::default();
    meta.set_log_level(LoggingLevel::Info);
    meta
}

async fn within<T>(patience: Duration, answer: impl Future<Output = T>) -> Result<T, Refusal> {
    let late = |_| Refusal::Other(format!("no answer within {}", humantime::format_duration(patience)));
    tokio::time::timeout(patience, answer).await.map_err(late)
}

fn refused_to_start(error: ClientInitializeError, token: Option<&SecretText>) -> Refusal {
    match error {
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => refused_to_start(*fallback, token),
        ClientInitializeError::JsonRpcError(error) => Refusal::Rpc(error),
        ClientInitializeError::TransportError { error, .. } => behind(error.error.as_ref(), token),
        error => Refusal::Other(plain(&error, token)),
    }
}

fn refused(error: ServiceError, token: Option<&SecretText>) -> Refusal {
    match error {
        ServiceError::McpError(error) => Refusal::Rpc(error),
        ServiceError::TransportSend(error) => behind(error.error.as_ref(), token),
        error => Refusal::Other(plain(&error, token)),
    }
}

/// The refusal inside a transport error.
fn behind(error: &(dyn std::error::Error + 'static), token: Option<&SecretText>) -> Refusal {
    let mut source = Some(error);
    while let Some(current) = source {
        if let Some(error) = current.downcast_ref::<AuthRequiredError>() {
            return Refusal::Unauthorized { challenge: error.www_authenticate_header.clone() };
        }
        if let Some(error) = current.downcast_ref::<InsufficientScopeError>() {
            let reading = Reading::of_field(&error.www_authenticate_header);
            let scopes = reading.bearer().map(ReceivedChallenge::scopes).unwrap_or_default();
            return Refusal::InsufficientScope {
                scopes: scopes.into_iter().map(str::to_owned).collect(),
                challenge: error.www_authenticate_header.clone(),
            };
        }
        source = current.source();
    }
    if let Some(error) = answered(&error.to_string()) {
        return Refusal::Rpc(error);
    }
    Refusal::Other(plain(error, token))
}

/// The JSON-RPC error in the text of an HTTP answer that rmcp did not expect: a 403 without a challenge has one.
fn answered(text: &str) -> Option<ErrorData> {
    #[derive(serde::Deserialize)]
    struct Message {
        error: ErrorData,
    }
    let (_, body) = text.split_once('{')?;
    let message: Message = serde_json::from_str(&format!("{{{body}")).ok()?;
    Some(message.error)
}

/// An error with its causes, without the token, safe to print.
fn plain(error: &(dyn std::error::Error + 'static), token: Option<&SecretText>) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    shown_line(&Scrubber::of(token).clean(&text), 600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_never_answers_is_given_up() {
        let waited = within(Duration::from_millis(1), std::future::pending::<()>()).await;
        assert!(matches!(waited, Err(Refusal::Other(why)) if why == "no answer within 1ms"));
        assert!(matches!(within(PATIENCE, async { 1 }).await, Ok(1)));
    }
}
