//! RFC 6570 level 1 templates: which URI matches, and what its variables are.

use std::collections::HashMap;

/// A parsed template such as `todo://{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UriTemplate {
    template: String,
}

impl UriTemplate {
    /// The variables of `uri` if this template could have made it.
    pub fn matches(&self, _uri: &str) -> Option<HashMap<String, String>> {
        None
    }
}
