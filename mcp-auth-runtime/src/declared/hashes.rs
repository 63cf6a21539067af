//! Hashes of what lists say of an operation, so that a change of it is seen where its text is not there.

use aws_lc_rs::digest;
use mcp_auth_core::canonical::sorted;
use mcp_auth_core::hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::registry::Item;

/// Hashes of what lists say, each `sha256:` and 64 digits; `None` where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Hashes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    /// Of the schema of a tool's arguments, or of the list of a prompt's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<String>,
    /// Of the schema of a tool's structured result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<String>,
    /// Of everything else in lists: title, hints, icons and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) listed: Option<String>,
}

/// A part of what lists say of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Said {
    /// Its description.
    Description,
    /// The schema of its arguments.
    Arguments,
    /// The schema of its structured result.
    Result,
    /// Everything else: title, hints, icons and the like.
    Listed,
}

impl Said {
    pub(super) const ALL: [Self; 4] = [Self::Description, Self::Arguments, Self::Result, Self::Listed];

    /// Its key in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Arguments => "arguments",
            Self::Result => "result",
            Self::Listed => "listed",
        }
    }
}

impl Hashes {
    /// Those of an operation as lists show it.
    pub(super) fn of(item: &Item) -> Self {
        let shown = match item {
            Item::Tool(tool) => serde_json::to_value(tool),
            Item::Prompt(prompt) => serde_json::to_value(prompt),
            Item::Resource(resource) => serde_json::to_value(resource),
            Item::ResourceTemplate(template, _) => serde_json::to_value(template),
            Item::Method(_) => return Self::default(),
        };
        let Ok(Value::Object(mut shown)) = shown else { return Self::default() };
        let description = match shown.remove("description") {
            Some(Value::String(text)) => Some(written(text.as_bytes())),
            _ => None,
        };
        let mut part = |name: &str| shown.remove(name).map(of);
        let arguments = part("inputSchema").or_else(|| part("arguments"));
        let result = part("outputSchema");
        // The name on the wire is what it is found by.
        let name = match item {
            Item::Resource(_) => "uri",
            Item::ResourceTemplate(..) => "uriTemplate",
            _ => "name",
        };
        shown.remove(name);
        let listed = (!shown.is_empty()).then(|| of(Value::Object(shown)));
        Self { description, arguments, result, listed }
    }

    pub(super) fn get(&self, said: Said) -> Option<&str> {
        match said {
            Said::Description => self.description.as_deref(),
            Said::Arguments => self.arguments.as_deref(),
            Said::Result => self.result.as_deref(),
            Said::Listed => self.listed.as_deref(),
        }
    }
}

/// The hash of a value, whatever order its keys were written in.
fn of(value: Value) -> String {
    written(sorted(value).to_string().as_bytes())
}

fn written(bytes: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, bytes);
    let bytes: [u8; 32] = digest.as_ref().try_into().unwrap_or_default();
    format!("sha256:{}", hex::written(&bytes))
}

#[cfg(test)]
mod tests {
    use rmcp::model::{Prompt, Resource, Tool};
    use serde_json::json;

    use super::*;

    fn tool(description: &'static str, input: Value) -> Item {
        let Value::Object(input) = input else { panic!("an object") };
        let mut tool = Tool::new_with_raw("t", None, input);
        tool.description = Some(description.into());
        Item::Tool(tool)
    }

    #[test]
    fn each_part_has_a_hash_of_its_own() {
        let hashes = Hashes::of(&tool("Adds.", json!({ "type": "object" })));
        let described = Hashes::of(&tool("Adds!", json!({ "type": "object" })));
        let other = Hashes::of(&tool("Adds.", json!({ "type": "object", "required": ["a"] })));
        assert_ne!(hashes.description, described.description);
        assert_eq!(hashes.arguments, described.arguments);
        assert_ne!(hashes.arguments, other.arguments);
        assert_eq!((hashes.result, hashes.listed), (None, None));
        let Item::Tool(mut titled) = tool("Adds.", json!({ "type": "object" })) else { panic!("a tool") };
        titled.title = Some("Add".to_owned());
        let titled = Hashes::of(&Item::Tool(titled));
        assert_eq!(titled.arguments, hashes.arguments);
        assert!(titled.listed.is_some());
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_that_of_values_does() {
        let hash = |text: &str| of(serde_json::from_str(text).unwrap());
        assert_eq!(hash(r#"{"a": {"c": 1, "b": 2}, "d": 3}"#), hash(r#"{"d": 3, "a": {"b": 2, "c": 1}}"#));
        assert_ne!(hash("[1, 2]"), hash("[2, 1]"));
        assert_eq!(
            written(b"abc"),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn what_an_operation_is_found_by_is_not_in_its_hashes() {
        let resource = |uri: &str| Hashes::of(&Item::Resource(Resource::new(uri, "a resource")));
        assert_eq!(resource("a://x"), resource("a://y"));
        assert!(resource("a://x").listed.is_some(), "its name is not its URI");
        let prompt = |name: &str| Hashes::of(&Item::Prompt(Prompt::new(name, Some("Plans."), None)));
        assert_eq!(prompt("a"), prompt("b"));
        assert_eq!(Hashes::of(&Item::Method("acme/report".into())), Hashes::default());
    }
}
