use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(any_scope = ["a\"b", "c\\d", "é", "\t"])]
    async fn list(&self) {}
}

fn main() {}
