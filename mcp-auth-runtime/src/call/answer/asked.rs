//! What an answer needs to know of the call it answers.

use mcp_auth_core::Era;

use crate::answer::refused_by::METHOD;
use crate::call::Call;
use crate::observe::undecided::Undecided;

/// What an answer needs to know of the call it answers.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    name: &'a str,
    pub(super) uri: Option<&'a str>,
    pub(super) era: Era,
    pub(super) mime_type: Option<&'static str>,
    pub(super) own_schema: bool,
    undecided: Option<&'a Undecided>,
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
            undecided: call.undecided.as_deref(),
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

    /// Audits the call as refused by its method, for `reason`.
    pub(crate) fn is_refused(&self, reason: &str) {
        if let Some(undecided) = self.undecided {
            undecided.refuse(METHOD, &reason);
        }
    }

    /// The URI that was read, for resources.
    pub fn uri(&self) -> Option<&str> {
        self.uri
    }
}
