//! What a start prints to stderr: where the server is, and with the built-in issuer how to connect to it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;

use crate::call::handler::About;
use crate::config::{Config, IssuerReach};

/// What is known before the address is.
pub(super) struct Announcement {
    name: String,
    version: String,
    /// Who can reach the built-in issuer, where there is one.
    built_in_issuer: Option<IssuerReach>,
}

impl Announcement {
    pub(super) fn new(about: &About, config: &Config) -> Self {
        let built_in_issuer = config.built_in_issuer().map(|_| config.issuer_reach());
        Self { name: about.name.clone(), version: about.version.clone(), built_in_issuer }
    }

    pub(super) fn print(&self, address: SocketAddr, resource: &str) {
        // `eprint!` would panic where standard error is closed.
        let _unread = std::io::stderr().write_all(self.text(address, resource).as_bytes());
    }

    fn text(&self, address: SocketAddr, resource: &str) -> String {
        let mut text = format!("\n{} {} listens on {address}\n", self.name, self.version);
        let _ = writeln!(text, "  MCP endpoint (and resource identifier): {resource}");
        if let Some(reach) = self.built_in_issuer {
            let who = match reach {
                IssuerReach::ThisComputer => ", for this computer only",
                IssuerReach::Network => "",
            };
            let _ = writeln!(text, "  Tokens come from the built-in issuer{who}.");
            text.push_str(&how_to_connect(&self.name, resource));
        }
        text.push('\n');
        text
    }
}

/// For people who see such a server for the first time.
fn how_to_connect(name: &str, url: &str) -> String {
    format!(
        r#"
Connect a client; your browser opens for the login:
  Claude Code     claude mcp add --transport http {name} {url}
  VS Code         .vscode/mcp.json    {{"servers": {{"{name}": {{"type": "http", "url": "{url}"}}}}}}
  Cursor          .cursor/mcp.json    {{"mcpServers": {{"{name}": {{"url": "{url}"}}}}}}
  MCP Inspector   npx @modelcontextprotocol/inspector, transport "Streamable HTTP", URL {url}

See what a client without a token gets (401 and WWW-Authenticate where listing needs a login):
  curl -i {url} -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
    -d '{{"jsonrpc":"2.0","id":1,"method":"tools/list"}}'
"#
    )
}
