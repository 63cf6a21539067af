//! A server that a client starts as its child process, and that acts for the person whose token it is given.
//!
//! There is no login over standard input and output. The token comes from the environment (or a file), is verified like any
//! token over HTTP, and the rules are the same. `mcp.toml` beside the executable:
//!
//! ```toml
//! [server]
//! transport  = "stdio"
//! public_url = "https://mail.example.com/mcp"      # whom the token must be for
//!
//! [auth]
//! base_scopes = ["mail.read"]
//!
//! [[auth.issuers]]
//! issuer = "https://login.example.com/"
//!
//! [stdio]
//! credential = "env:MAIL_TOKEN"                    # or "file:/path", which another program may renew
//! ```

use mcp_auth::prelude::*;

#[derive(Clone)]
struct Mail;

#[server(name = "mail")]
impl Mail {
    /// Whose mail this is.
    #[tool(scope = "mail.read", read_only)]
    fn whose(&self, caller: Caller) -> String {
        format!("mail of {}", caller.subject())
    }

    /// Sends a letter.
    #[tool(scope = "mail.send")]
    #[allow(clippy::print_stdout, reason = "it shows where printed lines go")]
    fn send(&self, caller: Caller) -> String {
        // Standard output belongs to MCP: this line goes to standard error.
        println!("{} sends a letter", caller.subject());
        "sent".to_owned()
    }
}

#[tokio::main]
async fn main() -> mcp_auth::Result {
    mcp_auth::serve(Mail).await
}
