use mcp_auth::prelude::*;

struct Todos;

#[server(scope = "todos read")]
impl Todos {
    #[tool]
    async fn list(&self) {}
}

fn main() {}
