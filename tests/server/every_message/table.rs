//! The table: each message a client can send, its rule, and what it is answered once it passed the gate.

use serde_json::{Value, json};

use super::rule::Rule::{self, Connect, Operation, OperationBefore, OwnTask, Token, Unknown, UnknownBefore};

/// One message: the method (or HTTP method), its params (or the reply), its rule, and what it is answered once it
/// passed the gate, on 2026-07-28 and in a session of 2025-11-25. rmcp answers a method that a revision does
/// not have, or that was not declared, -32601.
pub struct Row(pub &'static str, pub &'static str, pub Rule, pub &'static str, pub &'static str);

impl Row {
    /// The message; `None` for an HTTP method without one.
    pub fn body(&self, modern: bool, task: &str) -> Option<Value> {
        let Row(method, params, ..) = self;
        if params.is_empty() {
            return None;
        }
        let mut params: Value =
            serde_json::from_str(&params.replace("TASK", task)).expect("JSON in the table");
        if *method == REPLY {
            params["jsonrpc"] = "2.0".into();
            params["id"] = 1.into();
            return Some(params);
        }
        // `initialize` is a message of the old era, also from a modern client.
        if modern && *method != "initialize" {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": capabilities(),
            });
        }
        let mut message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        if !method.starts_with("notifications/") {
            message["id"] = 1.into();
        }
        Some(message)
    }

    /// The answer to a legacy caller without a session; an anonymous caller never has one.
    pub fn without_session(&self) -> &'static str {
        match self.0 {
            "GET" | "DELETE" => "405",
            REPLY => "400 -32600",
            _ => self.4,
        }
    }
}

pub const OK: &str = "200 result";
pub const NONE: &str = "404 -32601";
pub const OLD_NONE: &str = "200 -32601";

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // message                            params                                                rule       2026-07-28    2025-11-25
    Row("tools/call",                     r#"{"name":"tool"}"#,                                 Operation, OK,           OK),
    Row("tools/call",                     r#"{"name":"nothing"}"#,                              Unknown,   "200 -32602", "200 -32602"),
    Row("prompts/get",                    r#"{"name":"prompt"}"#,                               Operation, OK,           OK),
    Row("prompts/get",                    r#"{"name":"nothing"}"#,                              Unknown,   "200 -32602", "200 -32602"),
    Row("resources/read",                 r#"{"uri":"thing://all"}"#,                           Operation, OK,           OK),
    Row("resources/read",                 r#"{"uri":"thing://1"}"#,                             Operation, OK,           OK),
    Row("resources/read",                 r#"{"uri":"nothing://1"}"#,                           Unknown,   "200 -32602", "200 -32602"),
    Row("completion/complete",            r#"{"ref":{"type":"ref/prompt","name":"prompt"},"argument":{"name":"a","value":""}}"#,
                                                                                                Operation, OK,           OK),
    Row("completion/complete",            r#"{"ref":{"type":"ref/resource","uri":"thing://{id}"},"argument":{"name":"id","value":""}}"#,
                                                                                                Operation, OK,           OK),
    Row("completion/complete",            r#"{"ref":{"type":"ref/prompt","name":"nothing"},"argument":{"name":"a","value":""}}"#,
                                                                                                Unknown,   "200 -32602", "200 -32602"),
    Row("resources/subscribe",            r#"{"uri":"thing://1"}"#,                       OperationBefore, NONE,         OK),
    Row("resources/unsubscribe",          r#"{"uri":"thing://1"}"#,                       OperationBefore, NONE,         OK),
    Row("resources/subscribe",            r#"{"uri":"nothing://1"}"#,                       UnknownBefore, NONE,         "200 -32602"),
    Row("subscriptions/listen",           r#"{"notifications":{"resourceSubscriptions":["thing://1","thing://all"]}}"#,
                                                                                                Operation, OK,           OLD_NONE),
    Row("subscriptions/listen",           r#"{"notifications":{"resourceSubscriptions":["thing://1","nothing://1"]}}"#,
                                                                                                Unknown,   "200 -32602", "200 -32602"),
    Row("subscriptions/listen",           r#"{"notifications":{"toolsListChanged":true}}"#,     Token,     OK,           OLD_NONE),
    Row("tasks/get",                      r#"{"taskId":"TASK"}"#,                               OwnTask,   OK,           OK),
    Row("tasks/update",                   r#"{"taskId":"TASK","inputResponses":{}}"#,           OwnTask,   OK,           OK),
    Row("tasks/cancel",                   r#"{"taskId":"TASK"}"#,                               OwnTask,   OK,           OK),
    Row("tasks/get",                      r#"{"taskId":"nothing"}"#,                            Unknown,   "200 -32602", "200 -32602"),
    Row("tasks/result",                   r#"{"taskId":"TASK"}"#,                               OwnTask,   OK,           OK),
    Row("tasks/acme",                     r#"{"taskId":"TASK"}"#,                               Unknown,   NONE,         OLD_NONE),
    Row("acme/report",                    r#"{"any":1}"#,                                       Operation, OK,           OK),

    Row("initialize",                     r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#,
                                                                                                Connect,   OK,           OK),
    Row("server/discover",                r#"{}"#,                                              Connect,   OK,           "400 -32602"),
    Row("ping",                           r#"{}"#,                                              Connect,   NONE,         OK),
    Row("tools/list",                     r#"{}"#,                                              Connect,   OK,           OK),
    Row("prompts/list",                   r#"{}"#,                                              Connect,   OK,           OK),
    Row("resources/list",                 r#"{}"#,                                              Connect,   OK,           OK),
    Row("resources/templates/list",       r#"{}"#,                                              Connect,   OK,           OK),
    Row("logging/setLevel",               r#"{"level":"debug"}"#,                         UnknownBefore, NONE,         OLD_NONE),
    Row("skills/list",                    r#"{}"#,                                              Unknown,   NONE,         OLD_NONE),
    Row("skills/get",                     r#"{"uri":"skill://a/SKILL.md"}"#,                    Unknown,   NONE,         OLD_NONE),
    Row("resources/directory/read",       r#"{"uri":"thing://"}"#,                              Unknown,   NONE,         OLD_NONE),
    Row("tasks/list",                     r#"{}"#,                                              Unknown,   NONE,         OLD_NONE),
    Row("acme/unknown",                   r#"{}"#,                                              Unknown,   NONE,         OLD_NONE),
    Row("sampling/createMessage",         r#"{}"#,                                              Unknown,   NONE,         OLD_NONE),

    Row("notifications/initialized",      r#"{}"#,                                              Connect,   "202",        "202"),
    Row("notifications/cancelled",        r#"{"requestId":7}"#,                                 Connect,   "202",        "202"),
    Row("notifications/progress",         r#"{"progressToken":1,"progress":1}"#,                Connect,   "202",        "202"),
    Row("notifications/roots/list_changed", r#"{}"#,                                            Connect,   "202",        "202"),
    Row("notifications/acme",             r#"{}"#,                                              Connect,   "202",        "202"),

    // A client's answers to requests of the server: the model's, its roots, the user's, an empty one, any other.
    Row(REPLY, r#"{"result":{"model":"m","role":"assistant","content":{"type":"text","text":"t"}}}"#, Connect, "400 -32600", "202"),
    Row(REPLY, r#"{"result":{"roots":[]}}"#,                                                    Connect,   "400 -32600", "202"),
    Row(REPLY, r#"{"result":{"action":"accept","content":{}}}"#,                                Connect,   "400 -32600", "202"),
    Row(REPLY, r#"{"result":{}}"#,                                                              Connect,   "400 -32600", "202"),
    Row(REPLY, r#"{"result":{"any":"thing"}}"#,                                                 Connect,   "400 -32600", "202"),
    Row(REPLY, r#"{"error":{"code":-1,"message":"no"}}"#,                                       Connect,   "400 -32600", "202"),

    // The same endpoint without a message.
    Row("GET",                            "",                                                   Connect,   "405",        "200 stream"),
    Row("DELETE",                         "",                                                   Connect,   "405",        "204"),
    Row("PUT",                            "",                                                   Connect,   "405",        "405"),
    Row("PATCH",                          "",                                                   Connect,   "405",        "405"),
    Row("OPTIONS",                        "",                                                   Connect,   "405",        "405"),
];

pub const REPLY: &str = "(reply)";

pub fn capabilities() -> Value {
    json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } })
}
