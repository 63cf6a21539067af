use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(authenticated, any_scope = ["a"], public)]
    async fn list(&self) {}
}

fn main() {}
