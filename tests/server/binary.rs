//! A server as its users build it, for the tests that need a process: `TEST_SERVER` says which.

use std::time::Duration;

use mcp_auth::extract::{Call, FromCall};
use mcp_auth::model::{ErrorCode, Tool};
use mcp_auth::prelude::*;
use mcp_auth::{ErrorData, Rule, Server, Tools};
use mcp_auth_tests::everything::Everything;
use mcp_auth_tests::open::Open;
use mcp_auth_tests::ruled::Ruled;

#[tokio::main]
async fn main() -> mcp_auth::Result {
    match std::env::var("TEST_SERVER").as_deref() {
        Ok("noisy") => mcp_auth::serve(Noisy).await,
        Ok("open") => mcp_auth::serve(Open).await,
        Ok("logs") => mcp_auth::serve(Logs).await,
        Ok("hangs") => mcp_auth::serve(Hangs).await,
        Ok("asks") => mcp_auth::serve(Asks).await,
        Ok("ruled") => mcp_auth::serve(Ruled::default()).await,
        Ok("hooked") => {
            std::panic::set_hook(Box::new(|_| eprintln!("the program's own hook")));
            mcp_auth::serve(Everything::default()).await
        }
        Ok("wraps") => {
            let tools = Tools::new();
            Server::builder(Wraps(tools.clone())).tools(tools).serve().await
        }
        Ok("ends") => tokio::select! {
            served = mcp_auth::serve(Open) => served,
            () = panic_after(Duration::from_millis(200)) => Ok(()),
        },
        _ => mcp_auth::serve(Everything::default()).await,
    }
}

/// Has tools that come and go.
struct Wraps(Tools);

#[server(name = "wraps")]
impl Wraps {
    /// Adds one.
    #[tool(public)]
    fn wrap(&self) -> Result<&'static str, ToolError> {
        let tool = Tool::new("pet", "One pet.", build_schema());
        let run = |_, caller: Caller| async move { caller.subject().to_owned() };
        let rule = Rule::all_of(["pets"]).map_err(|error| ToolError::new(error.to_string()))?;
        self.0.add(rule, tool, run).map_err(|error| ToolError::new(error.to_string()))?;
        Ok("wrapped")
    }

    /// Removes it.
    #[tool(public)]
    fn unwrap(&self) -> String {
        self.0.remove("pet").to_string()
    }
}

fn build_schema() -> JsonObject {
    [("type".to_owned(), "object".into())].into_iter().collect()
}

/// Never answers.
#[derive(Debug, Clone)]
struct Hangs;

/// Never answers.
#[server(name = "hangs")]
impl Hangs {
    /// Never answers.
    #[tool(public)]
    async fn hangs(&self) -> String {
        std::future::pending().await
    }
}

/// Asks its person.
struct Asks;

#[derive(mcp_auth::serde::Deserialize, mcp_auth::schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Trip {
    /// Where to?
    #[schemars(length(min = 1))]
    to: String,
}

#[server(name = "asks")]
impl Asks {
    /// Books a trip.
    #[tool(public)]
    async fn book(&self, mut ask: Ask) -> Result<String, ToolError> {
        Ok(match ask.form::<Trip>("Which trip?").await? {
            Reply::Accepted(trip) => trip.to,
            other => format!(
                "no trip: {}",
                if matches!(other, Reply::Declined) { "declined" } else { "cancelled" }
            ),
        })
    }
}

/// Logs by itself.
#[derive(Clone)]
struct Logs;

#[server(name = "logs")]
impl Logs {
    /// Its call does without rmcp's transport.
    #[tool(authenticated)]
    fn direct(&self) -> &'static str {
        mcp_auth::tracing::warn!("said by a tool");
        "logged"
    }

    /// Its call goes through rmcp.
    #[tool(authenticated)]
    async fn forwarded(&self, _peer: Peer<RoleServer>) -> &'static str {
        mcp_auth::tracing::warn!("said by a tool");
        "logged"
    }

    /// Refuses by itself.
    #[tool(authenticated)]
    fn forbids(&self) -> Result<String, ToolError> {
        Err(ToolError::forbidden("not yours"))
    }

    /// The same, through rmcp.
    #[tool(authenticated)]
    async fn forbids_by_rmcp(&self, _peer: Peer<RoleServer>) -> Result<String, ToolError> {
        Err(ToolError::forbidden("not yours"))
    }

    /// The same, after a while.
    #[tool(authenticated)]
    async fn forbids_late(&self) -> Result<String, ToolError> {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Err(ToolError::forbidden("not yours"))
    }

    /// Fails, which is not a refusal.
    #[tool(authenticated)]
    fn fails(&self) -> Result<String, ToolError> {
        Err(ToolError::new("full"))
    }

    /// Panics, which is not one either.
    #[tool(authenticated)]
    fn breaks(&self) -> String {
        panic!("a tool that panics")
    }

    /// Takes a claim.
    #[tool(authenticated)]
    fn tenant(&self, Claims(Tenant { tenant }): Claims<Tenant>) -> String {
        tenant
    }

    /// Takes what refuses.
    #[tool(authenticated)]
    fn weekday(&self, _day: Weekday) -> &'static str {
        "open"
    }

    /// Refuses by itself.
    #[prompt(authenticated)]
    fn greet(&self) -> Result<String, ToolError> {
        Err(ToolError::forbidden("not yours"))
    }

    /// Refuses by itself.
    #[resource(uri = "about://server", authenticated)]
    fn about(&self) -> Result<String, ToolError> {
        Err(ToolError::forbidden("not yours"))
    }
}

#[derive(mcp_auth::serde::Deserialize)]
#[serde(crate = "mcp_auth::serde")]
struct Tenant {
    tenant: String,
}

/// An argument that refuses every caller.
struct Weekday;

impl FromCall for Weekday {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(_call: &mut Call) -> Result<Self, ErrorData> {
        Err(ErrorData::new(ErrorCode(403), "only on weekdays", None))
    }
}

/// Ends the program.
async fn panic_after(pause: Duration) {
    tokio::time::sleep(pause).await;
    panic!("the program ends\n ERROR forged");
}

/// Prints where only MCP belongs, and takes its time.
#[derive(Clone)]
struct Noisy;

#[server(name = "noisy")]
#[allow(clippy::print_stdout, reason = "that is what it is for")]
impl Noisy {
    /// Prints a line, half a line, and what looks like an answer.
    #[tool(public)]
    fn print(&self) -> &'static str {
        println!("printed by a tool");
        print!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{}}}}");
        "printed"
    }

    /// Blocks its thread: no shutdown can interrupt it.
    #[tool(public)]
    fn block(&self) {
        eprintln!("blocking");
        std::thread::sleep(Duration::from_secs(30));
    }

    /// Waits as long.
    #[tool(public)]
    async fn wait(&self) {
        eprintln!("waiting");
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}
