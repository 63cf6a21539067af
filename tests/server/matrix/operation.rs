//! What is asked for, and what came of it.

use mcp_auth::serde_json::{Value, json};

/// A tool of `everything`, and who may call it, in words that the oracle reads.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    pub tool: &'static str,
    pub needs: Needs,
}

#[derive(Debug, Clone, Copy)]
pub enum Needs {
    Nothing,
    Anyone,
    All(&'static [&'static str]),
    One(&'static [&'static str]),
    /// There is no such tool.
    Unknown,
}

pub const OPERATIONS: [Operation; 9] = [
    Operation { tool: "ping", needs: Needs::Nothing },
    Operation { tool: "who", needs: Needs::Nothing },
    Operation { tool: "whoami", needs: Needs::Anyone },
    Operation { tool: "based", needs: Needs::All(&["base"]) },
    Operation { tool: "read_note", needs: Needs::All(&["read"]) },
    Operation { tool: "write_note", needs: Needs::All(&["write"]) },
    Operation { tool: "export_notes", needs: Needs::All(&["export", "read"]) },
    Operation { tool: "audit_log", needs: Needs::One(&["audit", "admin"]) },
    Operation { tool: "no_such_tool", needs: Needs::Unknown },
];

impl Operation {
    pub fn arguments(self) -> Value {
        match self.tool {
            "write_note" => json!({ "text": "x" }),
            _ => json!({}),
        }
    }
}

/// What came of a call, or should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ran,
    /// 401 without an error: log in.
    LogIn,
    /// 401 `invalid_token`.
    BadToken,
    /// 403 `insufficient_scope`.
    Forbidden,
    /// 503: it cannot be known now.
    Unavailable,
    Unknown,
    Other(u16),
}
