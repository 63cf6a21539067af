use mcp_auth::prelude::*;

struct Todos;

#[server(public)]
impl Todos {
    #[tool]
    async fn list(&self, caller: Caller) {
        let _ = caller;
    }
}

fn main() {}
