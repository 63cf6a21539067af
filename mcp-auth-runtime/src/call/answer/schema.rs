//! The output schema of a tool.

use rmcp::model::JsonObject;
use serde_json::Value;

use crate::declared::schema::referred;

/// Whether a schema says at its root that it describes an object. Before 2026-07-28 no other `outputSchema`
/// is allowed (MCP 2025-11-25, schema.ts `Tool.outputSchema`), and no other `structuredContent`.
pub(crate) fn has_object_root(schema: &JsonObject) -> bool {
    let mut root = schema;
    // A type that is written like another one refers to it, and lists show that one in its place. A way longer than
    // there are definitions goes round in a circle.
    if let Some(defs) = schema.get("$defs").and_then(Value::as_object) {
        for _ in 0..defs.len() {
            root = referred(root, defs).unwrap_or(root);
        }
    }
    root.get("type").is_some_and(|root| root == "object")
}

#[cfg(test)]
mod tests {
    use rmcp::handler::server::tool::schema_for_output;

    use super::*;

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "its schema is all that is asked for")]
    struct Object {
        a: u8,
    }

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "its schema is all that is asked for")]
    struct LikeObject(Object);

    #[test]
    fn only_a_schema_that_says_object_at_its_root_has_one() {
        assert!(has_object_root(&schema_for_output::<Object>()));
        assert!(has_object_root(&schema_for_output::<LikeObject>()));
        for other in [
            schema_for_output::<Vec<Object>>(),
            schema_for_output::<Option<Object>>(),
            schema_for_output::<u8>(),
        ] {
            assert!(!has_object_root(&other), "{other:?}");
        }
    }
}
