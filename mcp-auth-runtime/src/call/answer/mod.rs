//! What an operation may answer, by its kind: `tool`, `prompt`, `resource`, `method`. `schema` is what lists
//! say of a tool's answer, and to whom.

mod method;
mod prompt;
mod resource;
pub mod schema;
mod tool;

pub use method::IntoMethodAnswer;
pub use prompt::IntoPromptAnswer;
pub use resource::IntoResourceAnswer;
pub use tool::IntoToolAnswer;

use mcp_auth_core::Era;

use super::Call;

/// What an answer needs to know of the call it answers.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    name: &'a str,
    uri: Option<&'a str>,
    era: Era,
    mime_type: Option<&'static str>,
    own_schema: bool,
}

impl<'a> Asked<'a> {
    /// What `call` asked.
    pub fn by(call: &'a Call) -> Self {
        Self {
            name: &call.name,
            uri: call.uri.as_deref(),
            era: call.era(),
            mime_type: None,
            own_schema: false,
        }
    }

    /// The resource's `mime_type`, where the declaration has one.
    #[must_use]
    pub fn with_mime_type(mut self, mime_type: &'static str) -> Self {
        self.mime_type = Some(mime_type);
        self
    }

    /// The tool states its `output_schema` itself, so the schema of the answer's type does not count.
    #[must_use]
    pub fn with_own_schema(mut self) -> Self {
        self.own_schema = true;
        self
    }

    /// The operation's name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The URI that was read, for resources.
    pub fn uri(&self) -> Option<&str> {
        self.uri
    }
}
