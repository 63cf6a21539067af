use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method(5, public)]
    async fn answer(&self) {}
}

fn main() {}
