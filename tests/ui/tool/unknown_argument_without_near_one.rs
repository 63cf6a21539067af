use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, queue = "slow", quota = 5)]
    async fn list(&self) {}
}

fn main() {}
