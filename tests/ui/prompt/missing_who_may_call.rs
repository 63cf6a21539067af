use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[prompt]
    async fn plan(&self) -> &'static str {
        "plan"
    }
}

fn main() {}
