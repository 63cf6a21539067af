use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(authenticated, any_role = ["a", "b", "a"])]
    async fn list(&self) {}
}

fn main() {}
