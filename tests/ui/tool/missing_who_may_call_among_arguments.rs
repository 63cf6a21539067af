use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(title = "List", read_only)]
    async fn list(&self) {}
}

fn main() {}
