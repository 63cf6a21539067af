//! Guards take what operations take, by value or by reference.

use mcp_auth::prelude::*;
use mcp_auth::{schemars, serde};

struct Todos;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Which {
    owner: String,
}

#[server(scope = "todos.write")]
impl Todos {
    async fn by_reference(&self, caller: &Caller, which: &Which) -> Decision {
        if which.owner == caller.subject() { Decision::Allow } else { Decision::deny("not yours") }
    }

    fn by_value(caller: Caller, Parameters(which): Parameters<Which>) -> Result<Decision, ToolError> {
        Ok(if which.owner == caller.subject() { Decision::Allow } else { Decision::need("todos.admin") })
    }

    fn by_variable(&self, owner: String) -> Decision {
        if owner.is_empty() { Decision::deny("whose?") } else { Decision::Allow }
    }

    #[tool(guard = by_reference)]
    fn close(&self, Parameters(which): Parameters<Which>) -> String {
        which.owner
    }

    #[prompt(role = "manager", guard = by_value)]
    fn plan(&self, Parameters(which): Parameters<Which>) -> String {
        which.owner
    }

    #[resource(uri = "todo://{owner}", guard = by_variable)]
    fn read(&self, owner: String) -> String {
        owner
    }
}

fn main() {}
