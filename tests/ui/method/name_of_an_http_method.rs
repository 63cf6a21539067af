use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("GET", public)]
    async fn answer(&self) {}
}

fn main() {}
