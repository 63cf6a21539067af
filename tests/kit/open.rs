//! A server where everything is public.

use mcp_auth::prelude::*;

/// Turns verification off, so that no token is read; laid over the testing module's default configuration.
pub const CONFIG: &str = "[auth]\nverify = \"none\"\n";

/// A server whose operations are all public.
#[derive(Debug, Clone, Default)]
pub struct Open;

#[server(name = "open")]
impl Open {
    /// Anyone.
    #[tool(public)]
    fn ping(&self) -> &'static str {
        "pong"
    }

    /// Anyone; says who.
    #[tool(public)]
    fn who(&self, caller: Option<Caller>) -> String {
        caller.map_or_else(|| "anonymous".to_owned(), |caller| caller.subject().to_owned())
    }

    #[prompt(public)]
    fn greet(&self) -> &'static str {
        "Say hello."
    }

    #[resource(uri = "about://server", public)]
    fn about(&self) -> &'static str {
        "open"
    }

    #[resource(uri = "about://{topic}", public)]
    fn topic(&self, topic: String) -> String {
        topic
    }
}
