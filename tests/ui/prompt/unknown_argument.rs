use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[prompt(public, read_only)]
    async fn plan(&self) -> &'static str {
        "plan"
    }
}

fn main() {}
