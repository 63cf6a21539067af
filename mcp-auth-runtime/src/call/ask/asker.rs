//! What an operation takes to ask.

use mcp_auth_core::Era;
use rmcp::ErrorData;
use rmcp::model::{
    ClientCapabilities, CustomNotification, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, FormElicitationCapability, UrlElicitationCapability,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};
use url::Url;

use super::form::Form;
use super::reply::Reply;
use super::rounds::Rounds;
use crate::call::Call;
use crate::call::derives::HasForm;
use crate::call::from_call::FromCall;
use crate::call::tool_error::ToolError;

/// Asks the person in front of the client: with a form, or by sending them to a URL (MCP elicitation). A tool, prompt or
/// resource takes it as a `mut` parameter; it works the same on every revision, over HTTP and stdio.
///
/// Since 2026-07-28 no question can be asked while a call runs. There a question that is not answered yet ends the run: return
/// its error with `?`, and the call comes again with the answer. **The operation then runs again from its start**, with the
/// answers to the questions that it asks again, in the same order and the same words. So ask first, then act: what stands
/// before a question happens more than once, and so may what stands behind it: a client can send the same reply again for ten
/// minutes. Before 2026-07-28 a call waits for the answer where it stands.
///
/// A tool that takes `Ask` does not also take `RequestState` or `InputResponses`, which hold what `Ask` remembers.
///
/// # Example
/// ```
/// # use mcp_auth_runtime::facade::{Ask, Reply, ToolError};
/// # use serde::Deserialize;
/// # use schemars::JsonSchema;
/// #[derive(Deserialize, JsonSchema)]
/// struct Sure {
///     /// Delete it for good?
///     sure: bool,
/// }
///
/// async fn delete(mut ask: Ask) -> Result<&'static str, ToolError> {
///     match ask.form::<Sure>("This cannot be undone.").await? {
///         Reply::Accepted(Sure { sure: true }) => Ok("deleted"),
///         _ => Ok("kept"),
///     }
/// }
/// ```
pub struct Ask {
    context: RequestContext<RoleServer>,
    era: Era,
    rounds: Rounds,
}

impl Ask {
    /// Whether the client can show a form.
    pub fn can_show_forms(&self) -> bool {
        // A client that names no mode has forms (MCP 2025-06-18 knew nothing else).
        self.capability().is_some_and(|elicitation| elicitation.form.is_some() || elicitation.url.is_none())
    }

    /// Whether the client can send the person to a URL.
    pub fn can_open_urls(&self) -> bool {
        self.capability().is_some_and(|elicitation| elicitation.url.is_some())
    }

    /// Asks for the members of `T`: text, numbers, booleans, enums without fields, and `Option`s of them. Their doc comments are
    /// what the person reads beside them; `#[schemars(length(…), range(…))]` holds for what comes.
    ///
    /// # Errors
    /// To be returned with `?`: since 2026-07-28 the question itself, where it is not answered yet. A client that cannot show a
    /// form, or answers with one that does not fit, is told; a `T` that no client can show goes to the log.
    pub async fn form<T>(&mut self, message: impl Into<String>) -> Result<Reply<T>, ToolError>
    where
        T: HasForm,
    {
        let form = Form::of::<T>()?;
        if !self.can_show_forms() {
            return Err(self.lacks(Mode::Form));
        }
        let question = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: message.into(),
            requested_schema: form.requested.clone(),
        };
        self.ask(question).await?.try_map(|content| form.read(content))
    }

    /// Asks the person to open `url`, for what must not go through the client, such as a password or a payment. `id` names this
    /// request where the server says later that it is done. Accepting says that the person agreed, not that they are done there.
    ///
    /// # Errors
    /// As for [`Ask::form`]; what is not an http or https URL goes to the log.
    pub async fn url(
        &mut self,
        message: impl Into<String>,
        url: &str,
        id: impl Into<String>,
    ) -> Result<Reply<()>, ToolError> {
        let question = self.url_question(message, url, id)?;
        self.ask(question).await?.try_map(|_| Ok(()))
    }

    /// # Errors
    /// What a client is told that cannot send the person to a URL.
    pub(crate) fn needs_urls(&self) -> Result<(), ToolError> {
        if self.can_open_urls() { Ok(()) } else { Err(self.lacks(Mode::Url)) }
    }

    /// Asks once more what [`Ask::url`] asked last: the person agreed, and is not done there.
    pub(crate) fn url_again(
        &mut self,
        message: impl Into<String>,
        url: &str,
        id: impl Into<String>,
    ) -> ToolError {
        self.rounds.forget_last();
        match self.url_question(message, url, id) {
            Ok(question) => ToolError::input_required(self.rounds.ask(question)),
            Err(error) => error,
        }
    }

    fn url_question(
        &self,
        message: impl Into<String>,
        url: &str,
        id: impl Into<String>,
    ) -> Result<ElicitRequestParams, ToolError> {
        let url = Url::parse(url)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "a person is sent to an http or https URL, not to one of the scheme {}",
                url.scheme()
            )
            .into());
        }
        self.needs_urls()?;
        Ok(ElicitRequestParams::UrlElicitationParams {
            meta: None,
            message: message.into(),
            url: url.into(),
            elicitation_id: id.into(),
        })
    }

    async fn ask(&mut self, question: ElicitRequestParams) -> Result<Reply<Option<Value>>, ToolError> {
        let answer = match self.era {
            Era::Stateless => match self.rounds.answer(&question) {
                Some(answer) => answer,
                None => return Err(ToolError::input_required(self.rounds.ask(question))),
            },
            Era::Sessions => self.ask_now(question).await?,
        };
        Ok(match answer.action {
            ElicitationAction::Accept => Reply::Accepted(answer.content),
            ElicitationAction::Decline => Reply::Declined,
            // Another action is none that a person could mean as consent.
            _ => Reply::Cancelled,
        })
    }

    async fn ask_now(&self, question: ElicitRequestParams) -> Result<ElicitResult, ToolError> {
        let asked = self.context.peer.create_elicitation(question);
        let answer = tokio::select! {
            answer = asked => answer,
            () = self.context.ct.cancelled() => return Err(ToolError::new("the call was cancelled")),
        };
        answer.map_err(|error| {
            tracing::warn!(%error, "a client did not answer a question to its person");
            ToolError::new("the client did not answer the question to its person")
        })
    }

    /// The era of the revision that the client speaks.
    pub(crate) fn era(&self) -> Era {
        self.era
    }

    /// Tells the client that the person is done at the URL of the question `id` (MCP 2025-11-25, `notifications/elicitation/complete`).
    pub(crate) async fn complete(&self, id: &str) {
        let params = json!({ "elicitationId": id });
        let complete = CustomNotification::new("notifications/elicitation/complete", Some(params));
        if let Err(error) = self.context.peer.send_notification(complete.into()).await {
            tracing::debug!(%error, "a client was not told that its person is done");
        }
    }

    /// Done when the client no longer wants the answer.
    pub(crate) async fn cancelled(&self) {
        self.context.ct.cancelled().await;
    }

    fn capability(&self) -> Option<ElicitationCapability> {
        self.context.client_capabilities()?.elicitation.clone()
    }

    /// What a client is told that cannot ask.
    fn lacks(&self, mode: Mode) -> ToolError {
        let mut needed = ElicitationCapability::default();
        let what = match mode {
            Mode::Form => {
                needed.form = Some(FormElicitationCapability::default());
                "show a form"
            }
            Mode::Url => {
                needed.url = Some(UrlElicitationCapability::default());
                "send a person to a URL"
            }
        };
        match self.era {
            Era::Stateless => {
                let mut capabilities = ClientCapabilities::default();
                capabilities.elicitation = Some(needed);
                ToolError::protocol(ErrorData::missing_required_client_capability(capabilities))
            }
            Era::Sessions => ToolError::new(format!(
                "this needs an answer of the person, and the client does not say that it can {what} (capability `elicitation`)"
            )),
        }
    }
}

/// How a person is asked.
#[derive(Clone, Copy)]
enum Mode {
    Form,
    Url,
}

/// The person in front of the client.
impl FromCall for Ask {
    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        let rounds = Rounds::of(call.request_state.as_deref(), call.input_responses.as_ref());
        Ok(Self { context: call.context()?, era: call.era(), rounds })
    }
}
