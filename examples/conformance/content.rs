//! Fixed content of every kind.

use std::sync::Arc;

use mcp_auth::model::{ContentBlock, JsonObject, PromptMessage, ResourceContents, Role};
use serde_json::{Value, json};

/// A PNG of one pixel, in Base64.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A WAV without samples, in Base64.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

pub(crate) fn image() -> ContentBlock {
    ContentBlock::image(PNG, "image/png")
}

pub(crate) fn audio() -> ContentBlock {
    ContentBlock::audio(WAV, "audio/wav")
}

pub(crate) fn embedded(uri: &str, mime_type: &str, text: &str) -> ContentBlock {
    ContentBlock::resource(ResourceContents::text(text, uri).with_mime_type(mime_type))
}

pub(crate) fn mixed() -> Vec<ContentBlock> {
    let json =
        embedded("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#);
    vec![ContentBlock::text("Multiple content types test:"), image(), json]
}

pub(crate) fn binary(uri: &str) -> ResourceContents {
    ResourceContents::blob(PNG, uri).with_mime_type("image/png")
}

/// Content, then a request about it, both of the user.
pub(crate) fn prompt_about(content: ContentBlock, request: &str) -> Vec<PromptMessage> {
    vec![PromptMessage::new(Role::User, content), PromptMessage::new_text(Role::User, request)]
}

/// An input schema with the keywords that derived schemas seldom have.
pub(crate) fn schema_2020_12() -> Arc<JsonObject> {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    });
    match schema {
        Value::Object(schema) => Arc::new(schema),
        _ => Arc::default(),
    }
}
