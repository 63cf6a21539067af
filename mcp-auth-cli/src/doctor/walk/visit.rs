//! What is looked at, and with what.

use url::Url;

use crate::doctor::fetch::Web;
use crate::doctor::mcp::Endpoint;
use crate::doctor::token::Token;

/// What doctor was asked to check.
pub(crate) struct Visit<'a> {
    /// The URL as the person typed it: identifiers are compared with this text.
    pub(crate) given: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) web: &'a Web,
    pub(crate) token: Option<&'a Token>,
    pub(crate) tool: Option<&'a str>,
}

impl<'a> Visit<'a> {
    pub(super) fn endpoint(&self, token: Option<&'a str>) -> Endpoint<'a> {
        Endpoint { web: self.web, url: self.url, token, origin: None }
    }
}
