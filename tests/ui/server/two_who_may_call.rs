use mcp_auth::prelude::*;

struct Todos;

#[server(public, authenticated)]
impl Todos {
    #[tool]
    async fn list(&self) {}
}

fn main() {}
