use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("completion/complete")]
    async fn answer(&self) {}
}

fn main() {}
