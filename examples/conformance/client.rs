//! Tools that talk to the client while they run: progress, log messages, sampling, elicitation. Revisions
//! before 2026-07-28 only, apart from progress; `rounds` asks the way 2026-07-28 does.
#![expect(deprecated, reason = "sampling and logging are deprecated by SEP-2577, and still served")]

use std::time::Duration;

use mcp_auth::extract::{Peer, ProgressToken, RoleServer};
use mcp_auth::model::{
    CreateMessageRequestParams, ElicitRequestParams, ElicitResult, LoggingLevel,
    LoggingMessageNotificationParam, ProgressNotificationParam, SamplingMessage,
};
use mcp_auth::{ErrorData, ToolError};
use serde_json::{Value, json};

/// The time between two notifications.
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn progress(peer: &Peer<RoleServer>, token: Option<ProgressToken>) -> Result<(), ToolError> {
    for progress in [0.0, 50.0, 100.0] {
        if let Some(token) = &token {
            let report = ProgressNotificationParam::new(token.clone(), progress).with_total(100.0);
            peer.notify_progress(report).await?;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

pub(crate) async fn log(
    peer: &Peer<RoleServer>,
    level: LoggingLevel,
    texts: &[&str],
) -> Result<(), ToolError> {
    for text in texts {
        let message = LoggingMessageNotificationParam::new(level, json!(text)).with_logger("conformance");
        peer.notify_logging_message(message).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

pub(crate) async fn sample(peer: &Peer<RoleServer>, prompt: String) -> Result<String, ToolError> {
    let request = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], 100);
    let answer = peer.create_message(request).await?;
    let text = answer.message.content.first().and_then(|content| content.as_text());
    Ok(format!("LLM response: {}", text.map_or("", |text| &text.text)))
}

/// Asks for the `properties` of an object, and says what came.
pub(crate) async fn elicit(
    peer: &Peer<RoleServer>,
    message: impl Into<String>,
    properties: Value,
) -> Result<String, ToolError> {
    let ElicitResult { action, content, .. } = peer.create_elicitation(form(message, properties)?).await?;
    Ok(format!("User response: action={}, content={}", json!(action), json!(content)))
}

/// A form with the `properties` of an object.
pub(crate) fn form(message: impl Into<String>, properties: Value) -> Result<ElicitRequestParams, ErrorData> {
    let requested_schema = serde_json::from_value(json!({ "type": "object", "properties": properties }))
        .map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    Ok(ElicitRequestParams::FormElicitationParams { meta: None, message: message.into(), requested_schema })
}

/// SEP-1034: a default of each primitive type.
pub(crate) fn defaults() -> Value {
    json!({
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
        "verified": { "type": "boolean", "default": true },
    })
}

/// SEP-1330: the five ways to offer a choice.
pub(crate) fn choices() -> Value {
    let options = json!(["option1", "option2", "option3"]);
    let titled = json!([
        { "const": "value1", "title": "First" },
        { "const": "value2", "title": "Second" },
        { "const": "value3", "title": "Third" },
    ]);
    json!({
        "untitledSingle": { "type": "string", "enum": options },
        "titledSingle": { "type": "string", "oneOf": titled },
        "legacyEnum": {
            "type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"],
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": options } },
        "titledMulti": { "type": "array", "items": { "anyOf": titled } },
    })
}
