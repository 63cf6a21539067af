//! `#[method]`: the name of the protocol method that it answers.

use syn::{Expr, ExprLit, Lit, LitStr};

use crate::attr::Args;
use crate::diagnostics::Diagnostics;

/// Methods that the server already answers, and what to write instead.
const TAKEN: [(&str, &str); 10] = [
    ("tools/call", "write `#[tool]` on the method that does it"),
    ("prompts/get", "write `#[prompt]` on the method that does it"),
    ("resources/read", "write `#[resource]` on the method that does it"),
    ("tools/list", "it follows from every `#[tool]`"),
    ("prompts/list", "it follows from every `#[prompt]`"),
    ("resources/list", "it follows from every `#[resource]`"),
    ("resources/templates/list", "it follows from every `#[resource]`"),
    ("initialize", "it follows from `#[server]`"),
    ("server/discover", "it follows from `#[server]`"),
    ("ping", "the protocol answers it"),
];

/// Requests that a server sends to the client.
const SENT: [&str; 3] = ["sampling/createMessage", "roots/list", "elicitation/create"];

/// The method's name. `None` only after a reported mistake.
pub(super) fn name(args: &mut Args, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let example = "like `#[method(\"completion/complete\", authenticated)]`";
    let name = match args.first.take() {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(name), .. })) => name,
        Some(other) => {
            diagnostics.error_at(other, format!("the method's name is a string literal, {example}"));
            return None;
        }
        None => {
            diagnostics.error(args.span, format!("the method's name comes first, {example}"));
            return None;
        }
    };
    let text = name.value();
    let message = if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "the name of a method is not empty and has no space".to_owned()
    } else if let Some((_, instead)) = TAKEN.iter().find(|(taken, _)| *taken == text) {
        format!("`{text}` is answered already: {instead}")
    } else if SENT.contains(&text.as_str()) {
        format!("`{text}` is a request that servers send, so no client can call it")
    } else if text.starts_with("notifications/") {
        format!("`{text}` is a notification, and only requests are answered")
    } else if text.starts_with("rpc.") {
        "method names that begin with `rpc.` are JSON-RPC's own (JSON-RPC 2.0 §4.3)".to_owned()
    } else if !text.contains('/') || text.split('/').any(str::is_empty) {
        format!(
            "`{text}` has not the form of a method of MCP: words with `/` between them, like `acme/report`"
        )
    } else {
        return Some(name);
    };
    diagnostics.error_at(name, message);
    None
}
