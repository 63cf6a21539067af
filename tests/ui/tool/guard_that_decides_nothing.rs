use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    fn may_close(&self) -> bool {
        true
    }

    fn may_ask(&self, _ask: Ask) -> Decision {
        Decision::Allow
    }

    #[tool(scope = "todos.write", guard = may_close)]
    fn close(&self) -> &'static str {
        "closed"
    }

    #[tool(scope = "todos.write", guard = may_ask)]
    fn open(&self) -> &'static str {
        "opened"
    }
}

fn main() {}
