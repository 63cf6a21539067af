use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(scope = "a", acr = "phr", any_acr = ["phrh"])]
    async fn list(&self) {}
}

fn main() {}
