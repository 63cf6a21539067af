//! `[pages]`: the pages that people see.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::page::{LogoFile, PageColor, SupportUrl};

/// The pages that people see: the one that says how applications are connected, and those of the built-in issuer. Their name is `server.name`.
/// They are in the language that a browser asks for, English or German.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Pages {
    /// Whether `GET /`, and the MCP endpoint where a browser opens it, show what this server is and how applications are connected to it.
    /// The endpoint keeps its status and headers. On a server that answers this computer only, the page lists the operations too, with who may
    /// call them. A server whose endpoint is at `/`, or whose router is part of another application, has no page of its own at `/`.
    pub connect: bool,
    /// A picture above every page: `file:/path` of a PNG, WebP or SVG file of at most 64 KiB. It stands in the pages themselves.
    pub logo: Option<LogoFile>,
    /// The colour of buttons and links, `#rrggbb`. Text on buttons is white or black, whichever can be read; links have the colour as it is
    /// where it can be read, else a darker one (where the page is dark, a lighter one).
    pub color: Option<PageColor>,
    /// Where people find help, linked below every page: an `https` URL, or `mailto:` and an address.
    pub support_url: Option<SupportUrl>,
}

impl Default for Pages {
    fn default() -> Self {
        Self { connect: true, logo: None, color: None, support_url: None }
    }
}
