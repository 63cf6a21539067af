//! What a request asks for: the left column of "every message has a rule".

use std::collections::BTreeMap;

use rmcp::model::{
    CompleteRequestParams, GetSkillRequestParams, InitializeRequestParams, ProtocolVersion,
    ReadResourceDirectoryRequestParams, SubscriptionsListenRequestParams,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::InvalidParams;

/// What a message asks for, as its body says it.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// `tools/call`.
    Tool {
        /// `params.name`, exactly as sent.
        name: String,
        /// `params.arguments`; `None` if absent or null.
        arguments: Option<Map<String, Value>>,
    },
    /// `prompts/get`.
    Prompt {
        /// `params.name`, exactly as sent.
        name: String,
        /// `params.arguments`; `None` if absent or null.
        arguments: Option<Map<String, Value>>,
    },
    /// `resources/read`.
    Resource {
        /// `params.uri`, exactly as sent.
        uri: String,
    },
    /// `completion/complete`.
    Complete {
        /// What is being completed: the operation whose rule counts.
        reference: Reference,
        /// `params.context.arguments`: the values that are chosen already.
        chosen: BTreeMap<String, String>,
    },
    /// `resources/subscribe` (before 2026-07-28).
    Subscribe {
        /// `params.uri`.
        uri: String,
    },
    /// `resources/unsubscribe` (before 2026-07-28).
    Unsubscribe {
        /// `params.uri`.
        uri: String,
    },
    /// `subscriptions/listen`.
    Listen {
        /// The resources whose updates are asked for: `params.notifications.resourceSubscriptions`.
        uris: Vec<String>,
    },
    /// `tasks/get`, `tasks/update`, `tasks/cancel`, and any other `tasks/…` that names a task.
    Task {
        /// The method, as sent.
        method: String,
        /// `params.taskId`.
        task_id: String,
    },
    /// `initialize` (before 2026-07-28).
    Initialize {
        /// `params.protocolVersion`: what the client would like to speak.
        protocol_version: String,
    },
    /// Every other request, known or not, and every notification.
    Other {
        /// The method, as sent.
        method: String,
    },
    /// A client's response or error to a request of the server.
    Reply,
    /// No JSON-RPC message at all: an HTTP request other than POST, like GET (a session's stream) and DELETE (its
    /// end). No name of a JSON-RPC method is ever one of these.
    HttpMethod {
        /// The HTTP method, such as `GET`.
        method: String,
    },
}

/// What `completion/complete` completes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `ref/prompt`: a prompt, by name.
    Prompt(String),
    /// `ref/resource`: a resource, by its URI or URI template.
    Resource(String),
}

/// Every request rmcp knows by name. Sent without an id these are mistakes, not notifications.
pub(super) const REQUESTS: &[&str] = &[
    "ping",
    "initialize",
    "server/discover",
    "completion/complete",
    "logging/setLevel",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "subscriptions/listen",
    "resources/subscribe",
    "resources/unsubscribe",
    "tools/call",
    "tools/list",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
    "skills/list",
    "skills/get",
    "resources/directory/read",
];

/// The requests that 2026-07-28 took out of the protocol, with any params (SEP-2575).
const REMOVED_2026_07_28: &[&str] =
    &["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"];

/// Whether `version` is a revision we serve that no longer has the request `method`.
pub(super) fn is_removed(method: &str, version: Option<&str>) -> bool {
    REMOVED_2026_07_28.contains(&method)
        && version.is_some_and(|version| version >= ProtocolVersion::V_2026_07_28.as_str())
        && ProtocolVersion::KNOWN_VERSIONS.iter().any(|known| Some(known.as_str()) == version)
}

/// Whether `method` is a request wherever it is known.
pub(super) fn needs_id(method: &str) -> bool {
    REQUESTS.contains(&method)
}

/// Whether `text` is no longer than the name of a revision can be: rmcp repeats it where it does not know the revision.
pub(super) fn may_be_revision(text: &str) -> bool {
    text.len() <= 64
}

/// Whether `value` reads as a `T`.
pub(super) fn fits<'v, T: Deserialize<'v>>(value: &'v Value) -> bool {
    T::deserialize(value).is_ok()
}

/// What a request with this method and these params (without `_meta`) asks for, and whether that is all they say.
///
/// # Errors
/// When rmcp could not read the params as those of the method, and would call it a custom request instead.
pub(super) fn of_request(method: &str, params: Map<String, Value>) -> Result<(Message, bool), InvalidParams> {
    let mut params = Params(params);
    let message = match method {
        "tools/call" => {
            params.check_input()?;
            let (name, arguments) = (params.string("name")?, params.object("arguments")?);
            return Ok((Message::Tool { name, arguments }, params.0.is_empty()));
        }
        "prompts/get" => {
            params.check_input()?;
            Message::Prompt { name: params.string("name")?, arguments: params.object("arguments")? }
        }
        "resources/read" => {
            params.check_input()?;
            Message::Resource { uri: params.string("uri")? }
        }
        "resources/subscribe" => Message::Subscribe { uri: params.string("uri")? },
        "resources/unsubscribe" => Message::Unsubscribe { uri: params.string("uri")? },
        "completion/complete" => {
            let reference = params.reference()?;
            params.must_be_object("argument")?;
            let asked = params.schema::<CompleteRequestParams>("completion/complete")?;
            let chosen = asked.context.and_then(|context| context.arguments).unwrap_or_default();
            Message::Complete { reference, chosen: chosen.into_iter().collect() }
        }
        "subscriptions/listen" => {
            params.must_be_object("notifications")?;
            let asked = params.schema::<SubscriptionsListenRequestParams>("subscriptions/listen")?;
            Message::Listen { uris: asked.notifications.resource_subscriptions.unwrap_or_default() }
        }
        "initialize" => {
            params.must_be_object("capabilities")?;
            params.must_be_object("clientInfo")?;
            params
                .check("protocolVersion", "a revision of MCP", |v| v.as_str().is_none_or(may_be_revision))?;
            let asked = params.schema::<InitializeRequestParams>("initialize")?;
            Message::Initialize { protocol_version: asked.protocol_version.to_string() }
        }
        "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list" | "skills/list" => {
            params.check("cursor", "a string", Value::is_string)?;
            return Ok((other(method), params.0.is_empty()));
        }
        "logging/setLevel" => {
            #[expect(deprecated, reason = "deprecated by SEP-2577, and still served")]
            params.schema::<rmcp::model::SetLevelRequestParams>("logging/setLevel")?;
            other(method)
        }
        "skills/get" => {
            // rmcp repeats it where it names no skill.
            let is_short = |v: &Value| v.as_str().is_none_or(|uri| uri.len() <= 2000);
            params.check("uri", "a URI of at most 2000 bytes", is_short)?;
            params.schema::<GetSkillRequestParams>("skills/get")?;
            other(method)
        }
        "resources/directory/read" => {
            params.schema::<ReadResourceDirectoryRequestParams>("resources/directory/read")?;
            other(method)
        }
        _ if method.starts_with("tasks/") => params.task(method)?,
        _ => other(method),
    };
    Ok((message, false))
}

fn other(method: &str) -> Message {
    Message::Other { method: method.to_owned() }
}

/// The members of `params`, taken out one by one.
struct Params(Map<String, Value>);

impl Params {
    fn string(&mut self, member: &'static str) -> Result<String, InvalidParams> {
        match self.0.remove(member) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(InvalidParams::Member { member, expected: "a string" }),
        }
    }

    fn object(&mut self, member: &'static str) -> Result<Option<Map<String, Value>>, InvalidParams> {
        match self.0.remove(member) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(InvalidParams::Member { member, expected: "an object" }),
        }
    }

    /// An optional member: absent, null, or as `fits` says.
    fn check(
        &self,
        member: &'static str,
        expected: &'static str,
        fits: fn(&Value) -> bool,
    ) -> Result<(), InvalidParams> {
        match self.0.get(member) {
            None | Some(Value::Null) => Ok(()),
            Some(value) if fits(value) => Ok(()),
            Some(_) => Err(InvalidParams::Member { member, expected }),
        }
    }

    /// The client's answers to an earlier round (MCP 2026-07-28 basic, "Multi Round-Trip Requests").
    fn check_input(&self) -> Result<(), InvalidParams> {
        self.check("inputResponses", "an object", Value::is_object)?;
        self.check("requestState", "a string", Value::is_string)
    }

    /// serde reads a struct from an array too, in the order of its fields; JSON-RPC knows no such thing.
    fn must_be_object(&self, member: &'static str) -> Result<(), InvalidParams> {
        match self.0.get(member) {
            Some(Value::Object(_)) => Ok(()),
            _ => Err(InvalidParams::Member { member, expected: "an object" }),
        }
    }

    fn schema<T: for<'v> Deserialize<'v>>(self, method: &'static str) -> Result<T, InvalidParams> {
        T::deserialize(Value::Object(self.0)).map_err(|cause| InvalidParams::Schema { method, cause })
    }

    fn reference(&self) -> Result<Reference, InvalidParams> {
        let wrong = || InvalidParams::Member {
            member: "ref",
            expected: "{\"type\": \"ref/prompt\", \"name\": …} or {\"type\": \"ref/resource\", \"uri\": …}",
        };
        let reference = self.0.get("ref").and_then(Value::as_object).ok_or_else(wrong)?;
        let text = |key| reference.get(key).and_then(Value::as_str);
        match text("type") {
            Some("ref/prompt") => text("name").map(|name| Reference::Prompt(name.to_owned())),
            Some("ref/resource") => text("uri").map(|uri| Reference::Resource(uri.to_owned())),
            _ => None,
        }
        .ok_or_else(wrong)
    }

    fn task(mut self, method: &str) -> Result<Message, InvalidParams> {
        if method == "tasks/update" {
            self.must_be_object("inputResponses")?;
        }
        if needs_id(method) || self.0.contains_key("taskId") {
            let task_id = self.string("taskId")?;
            return Ok(Message::Task { method: method.to_owned(), task_id });
        }
        Ok(other(method))
    }
}
