use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("notifications/cancelled", public)]
    async fn answer(&self) {}
}

fn main() {}
