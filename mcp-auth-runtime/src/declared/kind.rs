//! What kind of thing a message can name.

use serde::{Deserialize, Deserializer, Serialize};

/// The kind of an operation that was declared, or that a message names without a declaration.
///
/// # Example
/// ```
/// use mcp_auth_runtime::facade::Kind;
/// assert_eq!(Kind::ResourceTemplate.to_string(), "resource template");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `#[tool]`.
    Tool,
    /// `#[prompt]`.
    Prompt,
    /// `#[resource]` with a fixed URI.
    Resource,
    /// `#[resource]` with variables in its URI.
    ResourceTemplate,
    /// `#[method]`: a method of the protocol, or any other.
    Method,
    /// A task (SEP-2663): made by a call, never declared.
    Task,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Tool, Self::Prompt, Self::Resource, Self::ResourceTemplate, Self::Method, Self::Task];

    /// The kind whose [word](Self::as_str) this is.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word for it, as tables and errors say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
            Self::ResourceTemplate => "resource template",
            Self::Method => "method",
            Self::Task => "task",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        Self::of_word(&word).ok_or_else(|| {
            serde::de::Error::custom(format_args!("its kind is {word:?}, which this version does not know"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_back_from_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_word(kind.as_str()), Some(kind));
            assert_eq!(serde_json::json!(kind), kind.as_str());
            assert_eq!(serde_json::from_value::<Kind>(serde_json::json!(kind)).expect("its own word"), kind);
        }
        for none in ["gadget", "Tool", "resource_template", ""] {
            assert_eq!(Kind::of_word(none), None, "{none:?}");
        }
    }
}
