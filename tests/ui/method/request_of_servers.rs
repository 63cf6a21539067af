use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("sampling/createMessage", public)]
    async fn answer(&self) {}
}

fn main() {}
