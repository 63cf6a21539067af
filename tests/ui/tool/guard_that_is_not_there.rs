use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    fn may_close(&self, caller: &Caller) -> Decision {
        match caller.subject() {
            "ann" => Decision::Allow,
            _ => Decision::deny("not yours"),
        }
    }

    #[tool(scope = "todos.write", guard = may_clsoe)]
    fn close(&self) -> &'static str {
        "closed"
    }

    #[tool(guard = may_close)]
    fn open(&self) -> &'static str {
        "opened"
    }
}

fn main() {}
