//! `[cors]`: which web pages may talk to the server from a browser.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::url::WebOrigin;

/// Which web pages may talk to the server from a browser.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Cors {
    /// Origins of web pages, or of programs with such pages (`tauri://localhost`, `chrome-extension://…`), that may call
    /// the server: they get CORS answers, and a request that names any other in `Origin` is refused with 403. Always
    /// allowed: the server's own origin and, while it listens on loopback, every page on `localhost`, `127.0.0.1` and
    /// `[::1]`, so that local inspectors work. `"*"` and `"null"` are not accepted.
    pub allowed_origins: Vec<WebOrigin>,
}
