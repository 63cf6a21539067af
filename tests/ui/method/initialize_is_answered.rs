use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("initialize", public)]
    async fn answer(&self) {}
}

fn main() {}
