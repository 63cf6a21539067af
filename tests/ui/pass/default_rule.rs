use mcp_auth::prelude::*;

struct Todos;

#[server(scope = "todos")]
impl Todos {
    #[tool]
    async fn list(&self, _caller: Caller) {}

    #[tool(public)]
    async fn ping(&self, _caller: Option<Caller>) {}
}

fn main() {}
