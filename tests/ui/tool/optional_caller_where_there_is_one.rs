use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(authenticated)]
    async fn list(&self, caller: Option<Caller>) {
        let _ = caller;
    }
}

fn main() {}
