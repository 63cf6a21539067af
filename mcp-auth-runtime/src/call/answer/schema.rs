//! The output schema of a tool, and which peers may see it.

use std::borrow::Cow;

use mcp_auth_core::Era;
use rmcp::model::{JsonObject, Tool};

/// Whether a schema says at its root that it describes an object. Before 2026-07-28 no other `outputSchema`
/// is allowed (MCP 2025-11-25, schema.ts `Tool.outputSchema`), and no other `structuredContent`.
pub fn has_object_root(schema: &JsonObject) -> bool {
    schema.get("type").is_some_and(|root| root == "object")
}

/// `tool` as `tools/list` shows it to a peer of `era`: before 2026-07-28, without an `outputSchema` that such a
/// peer would refuse. The tool's answer is then text only, by [`IntoToolAnswer`](super::IntoToolAnswer).
pub fn listed(tool: &Tool, era: Era) -> Cow<'_, Tool> {
    match &tool.output_schema {
        Some(schema) if era == Era::Sessions && !has_object_root(schema) => {
            let mut shown = tool.clone();
            shown.output_schema = None;
            Cow::Owned(shown)
        }
        _ => Cow::Borrowed(tool),
    }
}

#[cfg(test)]
mod tests {
    use rmcp::handler::server::tool::schema_for_output;

    use super::*;

    fn tool<T: schemars::JsonSchema + 'static>() -> Tool {
        Tool::new_with_raw("x", None, JsonObject::new()).with_raw_output_schema(schema_for_output::<T>())
    }

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "its schema is all that is asked for")]
    struct Object {
        a: u8,
    }

    #[test]
    fn output_schema_that_is_no_object_is_hidden_from_legacy_peers_only() {
        for (tool, era, shown) in [
            (tool::<Object>(), Era::Sessions, true),
            (tool::<Object>(), Era::Stateless, true),
            (tool::<Vec<Object>>(), Era::Sessions, false),
            (tool::<Vec<Object>>(), Era::Stateless, true),
            (tool::<Option<Object>>(), Era::Sessions, false),
            (tool::<u8>(), Era::Sessions, false),
        ] {
            assert_eq!(listed(&tool, era).output_schema.is_some(), shown, "{tool:?} {era:?}");
        }
    }
}
