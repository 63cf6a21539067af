use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(any_of = [["a"], []])]
    async fn list(&self) {}
}

fn main() {}
