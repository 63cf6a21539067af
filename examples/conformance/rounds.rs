//! MRTR (SEP-2322, 2026-07-28): an operation that needs something from the client answers with what it asks
//! for and is called again with the answers. `requestState` is plain text here: the runtime seals it, and
//! refuses one that was changed before the tool runs.
#![expect(deprecated, reason = "sampling and roots are deprecated by SEP-2577, and still served")]

use mcp_auth::ErrorData;
use mcp_auth::extract::{InputResponses, RequestState};
use mcp_auth::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, CreateMessageRequest,
    CreateMessageRequestParams, ElicitRequest, GetPromptResponse, GetPromptResult, InputRequest,
    InputRequiredResult, ListRootsRequest, PromptMessage, Role, SamplingMessage,
};
use serde_json::{Map, Value, json};

use crate::client;

type Answer = Result<CallToolResponse, ErrorData>;

pub(crate) fn elicitation(responses: &InputResponses) -> Answer {
    match answered(responses, "user_name") {
        Some(answer) => Ok(done(format!("Hello, {}!", field(answer, "name")))),
        None => Ok(ask([("user_name", name()?)], None).into()),
    }
}

pub(crate) fn sampling(responses: &InputResponses) -> CallToolResponse {
    match answered(responses, "capital") {
        Some(answer) => done(format!("LLM response: {}", answer["content"]["text"])),
        None => ask([("capital", prompt("What is the capital of France?"))], None).into(),
    }
}

pub(crate) fn list_roots(responses: &InputResponses) -> CallToolResponse {
    match answered(responses, "roots") {
        Some(answer) => done(format!("Roots: {}", answer["roots"])),
        None => ask([("roots", roots())], None).into(),
    }
}

pub(crate) fn request_state(state: &RequestState) -> Answer {
    match state.0.as_deref() {
        Some("asked") => Ok(done("state-ok".to_owned())),
        _ => {
            let confirm = form("Please confirm", "ok", "boolean")?;
            Ok(ask([("confirm", confirm)], Some("asked")).into())
        }
    }
}

pub(crate) fn multiple_inputs(state: &RequestState, responses: &InputResponses) -> Answer {
    let keys = ["user_name", "greeting", "roots"];
    if state.0.is_some() && keys.iter().all(|key| answered(responses, key).is_some()) {
        return Ok(done("All inputs received".to_owned()));
    }
    let [user_name, greeting, client_roots] = keys;
    let asked = [(user_name, name()?), (greeting, prompt("Greet the user")), (client_roots, roots())];
    Ok(ask(asked, Some("gathering")).into())
}

pub(crate) fn multi_round(state: &RequestState) -> Answer {
    match state.0.as_deref() {
        None => Ok(ask([("step1", name()?)], Some("step 1")).into()),
        Some("step 1") => {
            let color = form("What is your favorite color?", "color", "string")?;
            Ok(ask([("step2", color)], Some("step 2")).into())
        }
        Some(_) => Ok(done("All rounds complete".to_owned())),
    }
}

/// Asks only for what the client says it can answer.
pub(crate) fn capabilities(client: &ClientCapabilities, responses: &InputResponses) -> Answer {
    let mut asked = Vec::new();
    if client.elicitation.is_some() {
        asked.push(("user_name", name()?));
    }
    if client.sampling.is_some() {
        asked.push(("greeting", prompt("Greet the user")));
    }
    if client.roots.is_some() {
        asked.push(("roots", roots()));
    }
    let complete = asked.iter().all(|(key, _)| answered(responses, key).is_some());
    Ok(if complete { done("Complete".to_owned()) } else { ask(asked, None).into() })
}

pub(crate) fn streaming_elicitation() -> Result<InputRequiredResult, ErrorData> {
    Ok(ask([("value", form("Provide a value", "value", "string")?)], None))
}

pub(crate) fn context_prompt(responses: &InputResponses) -> Result<GetPromptResponse, ErrorData> {
    match answered(responses, "user_context") {
        Some(answer) => {
            let text = format!("Use this context: {}", field(answer, "context"));
            Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).into())
        }
        None => {
            let context = form("What context should the prompt use?", "context", "string")?;
            Ok(ask([("user_context", context)], None).into())
        }
    }
}

/// What the client answered under `key`; anything but an object counts as no answer.
pub(crate) fn answered<'a>(responses: &'a InputResponses, key: &str) -> Option<&'a Map<String, Value>> {
    responses.0.as_ref()?.get(key)?.as_object()
}

/// A field of the form in an elicitation's answer.
pub(crate) fn field<'a>(answer: &'a Map<String, Value>, name: &str) -> &'a str {
    answer.get("content").and_then(|content| content.get(name)).and_then(Value::as_str).unwrap_or("nobody")
}

/// A form with one field.
pub(crate) fn form(message: &str, field: &str, kind: &str) -> Result<InputRequest, ErrorData> {
    let form = client::form(message, json!({ field: { "type": kind } }))?;
    Ok(InputRequest::Elicitation(ElicitRequest::new(form)))
}

pub(crate) fn name() -> Result<InputRequest, ErrorData> {
    form("What is your name?", "name", "string")
}

pub(crate) fn ask<'a>(
    requests: impl IntoIterator<Item = (&'a str, InputRequest)>,
    state: Option<&str>,
) -> InputRequiredResult {
    let requests = requests.into_iter().map(|(key, request)| (key.to_owned(), request)).collect();
    InputRequiredResult::new(Some(requests), state.map(str::to_owned))
}

fn prompt(text: &str) -> InputRequest {
    let params = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(text)], 100);
    InputRequest::CreateMessage(CreateMessageRequest::new(params))
}

fn roots() -> InputRequest {
    InputRequest::ListRoots(ListRootsRequest::default())
}

fn done(text: String) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}
