use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool]
    async fn list(&self) {}
}

fn main() {}
