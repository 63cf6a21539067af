use mcp_auth::prelude::*;

struct Todos;

#[server(public)]
impl Todos {
    #[tool(any_role = ["manager"])]
    async fn list(&self) {}
}

fn main() {}
