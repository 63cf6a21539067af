use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("tools/call", public)]
    async fn answer(&self) {}
}

fn main() {}
