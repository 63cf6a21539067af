use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("completion/complete", public, title = "Complete")]
    async fn answer(&self) {}
}

fn main() {}
