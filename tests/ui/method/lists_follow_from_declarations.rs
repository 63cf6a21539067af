use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("tools/list", public)]
    async fn answer(&self) {}
}

fn main() {}
