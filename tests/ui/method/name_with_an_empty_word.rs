use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("acme/", public)]
    async fn answer(&self) {}
}

fn main() {}
