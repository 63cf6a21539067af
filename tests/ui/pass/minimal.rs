use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    fn ping() -> &'static str {
        "pong"
    }
}

fn main() {}
