use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public, descripton = "a", readonly)]
    async fn list(&self) {}
}

fn main() {}
